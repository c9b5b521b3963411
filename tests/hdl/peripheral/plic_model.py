"""Golden model of the PLIC: the specification's flow. Every event takes effect at once."""


class PlicModel:
    def __init__(self, sources, contexts):
        self.sources, self.contexts = sources, contexts
        self.priority = [0] * sources
        self.enable = [0] * contexts
        self.threshold = [0] * contexts
        self.pending = self.in_service = self.lines = 0

    def settle(self):
        """The gateways forward sources that are high and not in service."""
        self.pending |= self.lines & ~self.in_service & ~1

    def best(self, context):
        """Returns the source that a claim returns."""
        ready = [s for s in range(1, self.sources)
                 if (self.pending & self.enable[context]) >> s & 1 and self.priority[s]]
        return min(ready, key=lambda s: (-self.priority[s], s), default=0)

    def irq(self):
        return sum((self.priority[self.best(c)] > self.threshold[c]) << c
                   for c in range(self.contexts))

    def claim(self, context):
        source = self.best(context)
        if source:
            self.pending &= ~(1 << source)
            self.in_service |= 1 << source
        return source

    def complete(self, context, source):
        if 0 < source < self.sources and self.enable[context] >> source & 1:
            self.in_service &= ~(1 << source)
