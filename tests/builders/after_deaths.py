"""The progress of a run whose process has died before: it says of what, and hears what is taken in hand."""

from core.foundation.progress import Progress, Suspicion


class AfterDeaths(Progress):
    """`taken` holds the names of each time that something was taken in hand."""

    def __init__(self, suspects=(), killers=(), *, sure=True, note="0123456789abcdef"):
        self.suspicion = Suspicion(frozenset(suspects), dict.fromkeys(killers, note), sure)
        self.taken = []

    def take(self, *names, note=""):
        self.taken.append(names)
