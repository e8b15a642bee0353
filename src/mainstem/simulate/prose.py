"""Made-up words for a made-up repository: logins, titles, bodies, remarks, paths and diffs."""

import random

__all__ = ["Prose"]


def _words(text: str) -> list[str]:
    return text.split()


_SYLLABLES = _words("ba be bo da do fa fi ga ka ke la le lo ma mi na ne no pa ra ri ro sa ta")
_VERBS = _words(
    "Add Avoid Clarify Drop Extend Fix Guard Inline Move Rename Repair Replace Retire Split Test"
)
_NOUNS = _words(
    "anchor bearing buoy cable chart compass current dock ferry gauge harbour hull keel ledger "
    "lock mast mooring pier pilot quay rudder sail sluice tide timber valve weir winch"
)
_THINGS = _words(
    "cache counter filter handler index loader parser planner queue reader store table writer"
)
_REMARKS = (
    "Could this be shorter?",
    "I would name it after what it holds.",
    "What happens when the list is empty?",
    "Nit: the comment says less than the code.",
    "This reads well now, thank you.",
    "Done in the last push.",
    "Not sure I follow. Do you have an example?",
    "Good catch, fixed.",
    "Let us keep this for another change.",
    "The test passes without it here.",
    "Agreed: the older way was clearer. 🙂",
    "Why not return early?",
)
_LABELS = {
    "bug": "d73a4a",
    "docs": "0075ca",
    "speed": "fbca04",
    "tests": "bfd4f2",
    "design": "5319e7",
}


class Prose:
    """Text drawn from one random source, so that the same seed writes the same words."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def word(self, syllables: int = 2) -> str:
        return "".join(self._rng.choices(_SYLLABLES, k=syllables))

    def login(self, taken: set[str]) -> str:
        """A login that nobody has yet; some end in digits or have a dash, as people's do."""
        while True:
            name = self.word(self._rng.choice((2, 3)))
            if self._rng.random() < 0.3:
                name += f"-{self.word(1)}"
            if self._rng.random() < 0.2:
                name += str(self._rng.randrange(100))
            if name not in taken:
                taken.add(name)
                return name

    def person(self) -> str:
        return f"{self.word().title()} {self.word(3).title()}"

    def subject(self) -> str:
        return f"{self._rng.choice(_NOUNS)} {self._rng.choice(_THINGS)}"

    def title(self) -> str:
        return f"{self._rng.choice(_VERBS)} the {self.subject()}"

    def branch(self) -> str:
        return f"{self._rng.choice(_NOUNS)}-{self.word()}"

    def remark(self) -> str:
        return self._rng.choice(_REMARKS)

    def body(self) -> str:
        """One to four paragraphs; some have line ends of the other kind, a list, or code."""
        end = "\r\n" if self._rng.random() < 0.4 else "\n"
        parts = [
            f"The {self.subject()} of the {self._rng.choice(_NOUNS)} needs this. {self.remark()}"
            for _ in range(self._rng.choice((1, 1, 2, 3)))
        ]
        if self._rng.random() < 0.2:
            parts.append(end.join(f"- [ ] {self.title()}" for _ in range(3)))
        if self._rng.random() < 0.1:
            parts.append(f"```{end}{self.word()}({self._rng.randrange(99)}){end}```")
        return (end * 2).join(parts)

    def path(self) -> str:
        return f"{self._rng.choice(('src', 'tests', 'docs'))}/{self.branch().replace('-', '/')}.py"

    def diff(self, line: int) -> str:
        """A hunk as GitHub sends it with a comment: header, context, the line commented on last."""
        first = max(1, line - 3)
        context = "\n".join(f" {self.word(3)} = {self._rng.randrange(99)}" for _ in range(2))
        return (
            f"@@ -{first},3 +{first},4 @@ def {self.word()}():\n{context}\n+{self.word()}({line})"
        )

    def sha(self) -> str:
        return f"{self._rng.getrandbits(160):040x}"

    def labels(self) -> list[dict[str, object]]:
        """The repository's labels, which items carry none, one or two of."""
        return [
            {
                "id": 800_000_000 + place,
                "name": name,
                "color": color,
                "default": place == 0,
                "description": None,
            }
            for place, (name, color) in enumerate(_LABELS.items())
        ]
