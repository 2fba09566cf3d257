"""Small reports for the critic: a recipient's, a mixed one, and what it says of them."""

from medcutmix_cli.reports.critic import FindingExchange, criticise
from medcutmix_cli.reports.reader import ReportReader

READER = ReportReader()


def report(findings, impression=""):
    text = f"FINDINGS: {findings}\n"
    return text + (f"\nIMPRESSION: {impression}\n" if impression else "")


def rules_broken(recipient, mixed, gone, came, side_gone="none", side_came="none"):
    exchanged = FindingExchange(gone, came, side_gone, side_came)
    found = criticise(recipient, READER.read(recipient), mixed, READER.read(mixed), exchanged)
    return {fault.rule for fault in found}


HEART = "The heart is normal in size."
SENTENCES = {
    "pleural_effusion": "There is a small {side} pleural effusion.",
    "pneumothorax": "There is a small {side} apical pneumothorax.",
    "consolidation": "There is {side} lower lobe consolidation.",
    "pneumonia": "There is {side} lower lobe pneumonia.",
    "atelectasis": "There is mild {side} basilar atelectasis.",
    "nodule": "There is a nodule in the {side} upper lobe.",
    "mass": "There is a mass in the {side} upper lobe.",
}
"""Finding -> a plain sentence about it."""
SHORT = {
    "pleural_effusion": "Small {side} pleural effusion.",
    "pneumothorax": "Small {side} apical pneumothorax.",
    "consolidation": "{Side} lower lobe consolidation.",
    "pneumonia": "{Side} lower lobe pneumonia.",
    "atelectasis": "Mild {side} basilar atelectasis.",
    "nodule": "{Side} upper lobe nodule.",
    "mass": "{Side} upper lobe mass.",
}


def sentence(finding, side, table=SENTENCES):
    return table[finding].format(side=side, Side=side.capitalize())


def told(finding, side, before=HEART, after=""):
    """Return a whole report that states one finding in both sections."""
    body = " ".join(part for part in (before, sentence(finding, side), after) if part)
    return report(body, sentence(finding, side, SHORT))
