"""Why a rule or an experiment does not apply to a subject, in the words of the simulator."""

from __future__ import annotations

NOT_MEANT = "the condition does not hold"
FILTERED = "outside the segments of its layer"
OUTSIDE_NAMESPACE = "outside the namespace of the experiment"
PREREQUISITE = "a prerequisite has another value"
NO_IDENTITY = "the subject has no such attribute to be told apart by"
NOT_ROLLED_OUT = "not in the share that the rule is rolled out to"
NOT_COVERED = "not in the share of traffic that takes part"
NOTHING = "the rule gives no value"
TOO_FEW = "fewer than two variations"
DISABLED = "experiments are off for this subject"
INACTIVE = "the experiment is not active"
BAD_VERSION = "the hash version is not known"
BLOCKED = "an earlier bucket version keeps the subject out"
NO_SUCH_ARM = "the forced variation does not exist"
QA = "only forced variations are given in QA mode"
