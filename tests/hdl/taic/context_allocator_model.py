"""The context allocator in plain Python: its effect on owners, local queues and their tasks."""

from dataclasses import dataclass, field

NOTHING = (1 << 64) - 1


@dataclass
class Context:
    os: int
    process: int
    queues: set[int] = field(default_factory=set)


class DirectoryModel:
    """Performs one access at a time. Tasks are (task, recorded, record) in lists by (context,
    queue)."""

    def __init__(self, contexts: int, queues: int, ports: int) -> None:
        self.queues = queues
        self.contexts: list[Context | None] = [None] * contexts
        self.tasks: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        self.words: list[list[int]] = [[] for _ in range(ports)]
        self.begun, self.ended, self.refused = [], [], 0

    def write(self, port: int, word: int) -> None:
        if len(self.words[port]) == 2:
            self.words[port] = []
        self.words[port].append(word)

    def read(self, port: int) -> int:
        words, self.words[port] = self.words[port], []
        if len(words) < 2:
            return NOTHING
        os, process = words
        number = next((n for n, context in enumerate(self.contexts)
                       if context and (context.os, context.process) == (os, process)), None)
        if number is None:
            if None not in self.contexts:
                return NOTHING
            number = self.contexts.index(None)
            self.contexts[number] = Context(os, process)
            self.begun.append(number)
        context = self.contexts[number]
        free = [n for n in range(self.queues) if n not in context.queues]
        if not free:
            return NOTHING
        context.queues.add(free[0])
        return number << 32 | free[0]

    def free(self, word: int) -> bool:
        """Returns true if the context ends."""
        number, queue = word >> 32, word & 0xFFFF_FFFF
        context = self.contexts[number] if number < len(self.contexts) else None
        if context is None or queue not in context.queues:
            self.refused += 1
            return False
        context.queues.remove(queue)
        left = self.tasks.pop((number, queue), [])
        if context.queues:
            self.tasks.setdefault((number, min(context.queues)), []).extend(left)
            return False
        for other in range(self.queues):
            self.tasks.pop((number, other), None)
        self.contexts[number] = None
        self.ended.append(number)
        return True
