from medcutmix_cli.inspection.verification import verify


def test_a_damaged_calibration_is_named(run):
    run.calibration_file.write_text("{")
    problems = verify(run.root, shallow=True).problems
    assert ("calibration.json", "seal") in {(problem.where, problem.rule) for problem in problems}
