"""Does mixing help? Small trainings with and without mixed pairs, on chunks of data that share no patient.

`python -m examples.benchmark run --out OUT` from the root of the repository; see README.md beside this file.
"""
