"""Which files a migration may concern, told from their text before the slow reading begins.

Most files of a code base have nothing to do with the SDK. Those that make clients, bind functions,
serve or send say so in words that cannot be hidden (`Inngest(`, `create_function`, …). The others
matter only where they mention a name under which such a thing is kept, and the module that keeps
it. Too many may be taken for such, never too few: what is not read cannot be refused.
"""

import re
from collections.abc import Sequence

from mainstem.migrate.kept_names import Keeping, keeping
from mainstem.migrate.sources import Source

_MAKES = re.compile(
    rb"\bInngest\b\s*\(|\bInngest\s+as\b|=\s*(?:[\w.]+\.)?Inngest\b|\bcreate_function\b"
    rb"|\binngest\.(?:fast_api|flask|django|tornado|digital_ocean|connect)\b"
    rb"|\bfrom\s+inngest\s+import\s[^#]*?(?:\*|\bfast_api|\bflask|\bdjango|\btornado"
    rb"|\bdigital_ocean|\bconnect\b)"
)
# What sends an event that is made elsewhere does so through a client under a name that is kept.
_SENDS = re.compile(rb"\.\s*send(?:_sync)?\s*\(")
_EVENT = re.compile(rb"\binngest\.Event\b|\bfrom\s+inngest\s+import\b[^#]*?\bEvent\b")
_BY_NAME = re.compile(rb"\bimport_module\b|\b__import__\b")
_LISTS = re.compile(rb"\.append\(\s*(\w+)\s*\)\s*return\s+\1\b")


def mattering(sources: Sequence[Source]) -> list[Source]:
    """The sources that make, serve, send or use what a migration is about, in their order."""
    return _Search(sources).found()


class _Search:
    """Grows from the files that say it to those that mention what these keep."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._by_name = {source.name: source for source in sources}
        self._keeping: dict[str, Keeping] = {}
        self._asked: dict[str, Keeping] = {}

    def found(self) -> list[Source]:
        for source in self._sources:
            if _may_be_seed(source):
                one = keeping(source)
                # What only stands in a text or a comment makes nothing.
                if one.makes or one.sends:
                    self._keeping[source.name] = one
        while self._kept() | self._listed() | self._joined():
            pass
        return [source for source in self._sources if source.name in self._keeping]

    def _add(self, source: Source) -> None:
        self._keeping[source.name] = keeping(source)

    def _kept(self) -> bool:
        """Whether more names are found to keep something, in the modules found so far."""
        grows = False
        for name, one in self._keeping.items():
            others = [
                each
                for other, each in self._keeping.items()
                if other != name and self._reaches(self._by_name[name], other)
            ]
            grows |= one.grown(others)
        return grows

    def _listed(self) -> bool:
        """Whether a module comes in that holds a list, or a decorator that fills one."""
        grows = False
        for name in list(self._keeping):
            for module in self._by_name[name].imports & self._by_name.keys():
                source = self._by_name[module]
                wanted = self._keeping[name].lists
                is_filled = _LISTS.search(source.data) is not None
                if not is_filled and not any(one.encode() in source.data for one in wanted):
                    continue
                if module not in self._keeping:
                    one = self._asked.get(module) or keeping(source)
                    self._asked[module] = one
                    if not is_filled and not wanted & one.defined:
                        continue
                    self._keeping[module] = one
                    grows = True
                grows |= self._keeping[module].take(wanted)
        return grows

    def _joined(self) -> bool:
        """Whether a module comes in that mentions what is kept elsewhere."""
        names = {name for one in self._keeping.values() for name in one.names}
        stars = {f"{name}.*" for name, one in self._keeping.items() if one.names}
        inside = {name for one in self._keeping.values() for name in one.in_classes}
        mentions = _any_of(names)
        through = re.compile(rb"\.\s*" + mentions.pattern)
        grows = False
        for source in self._sources:
            if source.name in self._keeping:
                continue
            if (
                stars & source.imports
                or (
                    mentions.search(source.data) is not None
                    and (self._mentions(source) or _through(inside, source, through))
                )
                or self._takes_whole(source)
            ):
                self._add(source)
                grows = True
        return grows

    def _mentions(self, source: Source) -> bool:
        """Whether it mentions something together with the module that keeps it."""
        return any(
            one.names & source.words and self._reaches(source, name)
            for name, one in self._keeping.items()
        )

    def _takes_whole(self, source: Source) -> bool:
        """Whether it hands on a module that keeps something, or asks for all of its names."""
        kept = {name for name, one in self._keeping.items() if one.names}
        for name in kept & source.imports:
            for local in (name, *self._called(source.name, name)):
                word = re.escape(local.encode())
                if re.search(
                    rb"[(,=\[]\s*%s\s*[,)\]\n]|\b%s\s*\.\s*__dict__" % (word, word), source.data
                ):
                    return True
        return _BY_NAME.search(source.data) is not None and any(
            name.encode() in source.data for name in kept
        )

    def _reaches(self, source: Source, name: str) -> bool:
        """Whether `source` imports the module `name`, spells it out, or gets it from another."""
        if name in source.imports or name.encode() in source.data:
            return True
        for local, whole in source.imported_as.items():
            if (
                name.startswith(f"{whole}.")
                and (local + name[len(whole) :]).encode() in source.data
            ):
                return True
        return any(
            name in self._by_name[one].imports and self._called(one, name) & source.words
            for one in source.imports & self._by_name.keys()
        )

    def _called(self, module: str, name: str) -> set[str]:
        """What the module `name` may be called in `module`, which imports it."""
        bound = self._by_name[module].imported_as.items()
        return {local for local, whole in bound if whole == name} | {name.rpartition(".")[2]}


def _may_be_seed(source: Source) -> bool:
    if b"inngest" not in source.data:
        return b"create_function" in source.data
    if _MAKES.search(source.data) is not None:
        return True
    return _SENDS.search(source.data) is not None and _EVENT.search(source.data) is not None


def _any_of(names: set[str]) -> re.Pattern[bytes]:
    if not names:
        return re.compile(rb"(?!)")
    return re.compile(rb"\b(?:%s)\b" % b"|".join(sorted(one.encode() for one in names)))


def _through(inside: set[str], source: Source, mentions: re.Pattern[bytes]) -> bool:
    """Whether it reads an attribute that is called like a function kept in a class."""
    return bool(inside) and any(
        found.group().lstrip(b". \t\n").decode() in inside
        for found in mentions.finditer(source.data)
    )
