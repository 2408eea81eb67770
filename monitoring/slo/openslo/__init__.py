"""OpenSLO v1 documents in and out, without loss, and the dialects that Sloth reads.

bundle = openslo.load(text)          # checked; refuses by field, warns of what is only kept
again = openslo.dump(bundle.documents)
slos = openslo.objectives(bundle)    # what of it can be evaluated
"""

from monitoring.slo.openslo.mapping import Objective, exported, key_of, objectives
from monitoring.slo.openslo.references import inlined
from monitoring.slo.openslo.rules import Bundle, Warned, load
from monitoring.slo.openslo.text import dump

__all__ = [
    "Bundle",
    "Objective",
    "Warned",
    "dump",
    "exported",
    "inlined",
    "key_of",
    "load",
    "objectives",
]
