"""A repository of any size in the memory of a small one: one stretch of its life, told many times.

A small repository is made for real; each tile is that stretch again, later by its length in days
and with numbers, ids and commits of its own. Rows are derived when they are asked for. Whatever is
changed is kept from then on. All orders by time follow from the small repository's, tile by tile.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar, overload

from mainstem.simulate.world import Repository, Row

__all__ = ["TiledRepository"]

#: Further apart than any two ids of the small repository.
ID_SPAN = 3_000_000_000
#: Items whose derived rows are kept for the next question about them.
KEPT = 4_096
#: Orders and selections that are kept, each some megabytes.
KEPT_LISTS = 32
#: A key is a number and a place among the rows of that number.
PLACES = 4_096

_TIMES = ("created_at", "updated_at", "closed_at", "merged_at", "submitted_at", "_edited_at")
_IDS = ("id", "_issue_id", "pull_request_review_id", "in_reply_to_id")
_SHAS = ("sha", "commit_id", "original_commit_id", "merge_commit_sha")
_NUMBERS = ("number", "_number")
_LISTS = ("reviews", "review_comments", "issue_comments", "commits", "events")

T = TypeVar("T")


class _Item(dict[str, Any]):
    """The rows of one number by their kind, each kind derived when it is asked for."""

    def __init__(self, home: "TiledRepository", number: int) -> None:
        super().__init__()
        self._home, self._number = home, number

    def __missing__(self, kind: str) -> Any:
        home = self._home
        tile, origin = divmod(self._number - 1, home.per_tile)
        small = getattr(home.small, {"pull": "pulls", "issue": "issues"}.get(kind, kind))
        found: Any = None
        if kind in _LISTS:
            found = [home.told(row, tile) for row in small.get(origin + 1, ())]
        elif origin + 1 in small:
            found = home.told(small[origin + 1], tile)
        self[kind] = found
        return found


class TiledRepository(Repository):
    """Looks like any repository. `days` is the length of a tile, longer than what is in it.

    Change it through the verbs of `changes`, or call `keep(number)` before a row is altered by
    hand: what is not kept is derived anew before long.
    """

    def __init__(self, small: Repository, tiles: int, days: int) -> None:
        super().__init__(record=small.record, feed=small.feed)
        self.small = small
        self.tiles = tiles
        self.days = days
        self.per_tile = len(small.pulls) + len(small.issues)
        self.kept: dict[int, dict[str, Any]] = {}
        self.removed: set[int] = set()
        self._recent: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._near: OrderedDict[object, Any] = OrderedDict()
        self._days: dict[tuple[int, str], str] = {}
        self._base: dict[tuple[str, str], array[int]] = {}
        self.pulls = _Items(self, "pull", small.pulls)  # type: ignore[assignment]
        self.issues = _Items(self, "issue", small.issues)  # type: ignore[assignment]
        for kind in _LISTS:
            setattr(self, kind, _Lists(self, kind))
        self._newest = self._later(small.newest(), tiles - 1)
        self._next_ids = dict.fromkeys((*_LISTS, "items"), tiles * ID_SPAN)
        self._number_discussions()
        self._next_number = max([tiles * self.per_tile, *self.discussions]) + 1

    def _number_discussions(self) -> None:
        """Discussions are not told anew in each tile: they come after everything else."""
        further = (self.tiles - 1) * self.per_tile
        for number, row in self.small.discussions.items():
            self.discussions[number + further] = {**row, "number": number + further}
            self.discussion_comments[number + further] = [
                {**one, "_number": number + further}
                for one in self.small.discussion_comments.get(number, ())
            ]

    # -- rows -------------------------------------------------------------------------------------

    def item(self, number: int) -> dict[str, Any] | None:
        """The rows that belong to a number, or None where there is nothing by that number."""
        found = self.kept.get(number)
        if found is not None:
            return found
        if number in self.removed or not 1 <= number <= self.tiles * self.per_tile:
            return None
        found = self._recent.get(number)
        if found is not None:
            return found
        found = _Item(self, number)
        self._recent[number] = found
        if len(self._recent) > KEPT:
            self._recent.popitem(last=False)
        return found

    def keep(self, number: int) -> None:
        """Keep the rows of a number from now on: they are about to change."""
        self.kept_item(number)

    def kept_item(self, number: int) -> dict[str, Any]:
        found = self.item(number)
        if found is None:
            found = {**{kind: [] for kind in _LISTS}, "pull": None, "issue": None}
        self._recent.pop(number, None)
        self.kept[number] = found
        return found

    def forget(self, number: int) -> None:
        """There is nothing by that number any more."""
        self.kept.pop(number, None)
        self._recent.pop(number, None)
        self.removed.add(number)

    def told(self, row: Row, tile: int) -> Row:
        """A row of the small repository as it is in that tile."""
        made = dict(row)
        for name in _TIMES:
            if made.get(name) is not None:
                made[name] = self._later(made[name], tile)
        for name in _IDS:
            if made.get(name) is not None:
                made[name] += tile * ID_SPAN
        for name in _SHAS:
            if made.get(name) is not None:
                made[name] = _other_sha(made[name], tile)
        for name in _NUMBERS:
            if name in made:
                made[name] += tile * self.per_tile
        self._tell_parts(made, tile)
        return made

    def _tell_parts(self, made: Row, tile: int) -> None:
        for side in ("head", "base"):
            if side in made:
                made[side] = {**made[side], "sha": _other_sha(made[side]["sha"], tile)}
        for person in ("author", "committer"):
            if person in made:
                made[person] = {**made[person], "date": self._later(made[person]["date"], tile)}
        if "_comments" in made:
            made["_comments"] = [one + tile * ID_SPAN for one in made["_comments"]]

    def _later(self, moment: str, tile: int) -> str:
        key = (tile, moment[:10])
        day = self._days.get(key)
        if day is None:
            there = date.fromisoformat(moment[:10]) + timedelta(days=tile * self.days)
            day = self._days[key] = there.isoformat()
        return day + moment[10:]

    # -- what a repository is asked ---------------------------------------------------------------

    def ordered(
        self,
        kind: str,
        order: str,
        *,
        falling: bool = False,
        since: str | None = None,
        keep: Callable[[Row], bool] | None = None,
    ) -> Sequence[Row]:
        """As `Repository.ordered`; only what is asked for is made."""
        keys = self.derived(("keys", kind, order), lambda: self._keys(kind, order))
        if since is not None and order == "updated_at":
            start = _first_after(keys, (since, -1), lambda key: self._when(kind, order, key), 0)
            keys = keys[start:]
        elif since is not None:
            keys = self._kept_of(kind, keys, lambda row: bool(row["updated_at"] >= since))
        if keep is not None:
            keys = self._kept_of(kind, keys, keep)
        return _Rows(self, kind, keys, falling=falling)

    def _kept_of(self, kind: str, keys: "array[int]", keep: Callable[[Row], bool]) -> "array[int]":
        return array("Q", (key for key in keys if keep(self.row_at(kind, key))))

    def _when(self, kind: str, order: str, key: int) -> tuple[Any, int]:
        row = self.row_at(kind, key)
        return row[order], int(row.get("number") or row["id"])

    def derived(self, key: object, make: Callable[[], T]) -> T:
        """As in any repository; what is derived for one number is forgotten before long."""
        if not (isinstance(key, tuple) and isinstance(key[-1], int)):
            if len(self._derived) > KEPT_LISTS:
                self._derived.clear()
            return super().derived(key, make)
        found = self._near.get(key)
        if found is None:
            found = self._near[key] = make()
            if len(self._near) > KEPT:
                self._near.popitem(last=False)
        value: T = found
        return value

    def next_id(self, kind: str) -> int:
        self._next_ids[kind] += 1
        return self._next_ids[kind]

    def by_id(self, kind: str) -> Any:
        if kind == "discussion_comments":
            return super().by_id(kind)
        return _ById(self, kind)

    def number_of(self, kind: str, row_id: int) -> int | None:
        tile = row_id // ID_SPAN
        origin = self.small.number_of(kind, row_id - tile * ID_SPAN)
        items = getattr(self, kind)
        numbers = [] if origin is None else [origin + tile * self.per_tile]
        for number in (*numbers, *self.kept):
            if number in items and items[number]["id"] == row_id:
                return number
        return None

    def commit(self, sha: str) -> Row | None:  # noqa: ARG002  not sought: there are too many
        return None

    def next_number(self) -> int:
        self._next_number += 1
        return self._next_number - 1

    def newest(self) -> str:
        return self._newest

    def changed(self, moment: str | None = None) -> None:
        self._newest = max(self._newest, moment or "")
        self.version += 1
        self._derived.clear()
        self._near.clear()

    def _keys(self, kind: str, order: str) -> "array[int]":
        """Keys in rising order of that time: the small repository's, tile after tile, with those
        of changed items taken out and put in where they belong now."""
        base = self._base.get((kind, order))
        if base is None:
            once = [
                (row[order], int(row.get("number") or row["_number"]) * PLACES + place)
                for row, place in _sorted_rows(self.small, kind, order)
            ]
            step = self.per_tile * PLACES
            all_of_them: Iterator[tuple[Any, int]] = (
                (value, key + tile * step) for tile in range(self.tiles) for value, key in once
            )
            if not order.endswith("_at"):  # what is no time does not rise from tile to tile
                all_of_them = iter(sorted(all_of_them))
            base = array("Q", (key for _, key in all_of_them))
            self._base[kind, order] = base
        touched = self.kept.keys() | self.removed
        if not touched:
            return base
        left = [key for key in base if key // PLACES not in touched]
        moved = [key for number in self.kept for key in self._keys_of(kind, number)]
        if not moved:
            return array("Q", left)

        def when(key: int) -> tuple[Any, int]:
            return self._when(kind, order, key)

        moved.sort(key=when)
        merged = array("Q")
        start = 0
        for key in moved:
            stop = _first_after(left, when(key), when, start)
            merged.extend(left[start:stop])
            merged.append(key)
            start = stop
        merged.extend(left[start:])
        return merged

    def _keys_of(self, kind: str, number: int) -> Iterator[int]:
        item = self.kept[number]
        if kind in _LISTS:
            yield from (number * PLACES + place for place in range(len(item[kind])))
        elif any(item[name] is not None for name in _NAMES[kind]):
            yield number * PLACES

    def row_at(self, kind: str, key: int) -> Row:
        number, place = divmod(key, PLACES)
        item = self.item(number)
        assert item is not None  # noqa: S101  keys are made of what there is
        if kind in _LISTS:
            row: Row = item[kind][place]
            return row
        found: Row = item["pull"] if item["pull"] is not None else item["issue"]
        return found


_NAMES = {"pulls": ("pull",), "issues": ("issue",), "items": ("pull", "issue")}


class _Items(MutableMapping[int, Row]):
    """Pull requests or issues by number."""

    def __init__(self, home: TiledRepository, name: str, small: dict[int, Row]) -> None:
        self._home, self._name, self._small = home, name, sorted(small)

    def __getitem__(self, number: int) -> Row:
        item = self._home.item(number)
        if item is None or item[self._name] is None:
            raise KeyError(number)
        row: Row = item[self._name]
        return row

    def __setitem__(self, number: int, row: Row) -> None:
        self._home.kept_item(number)[self._name] = row

    def __delitem__(self, number: int) -> None:
        if number not in self:
            raise KeyError(number)
        self._home.forget(number)

    def __contains__(self, number: object) -> bool:
        item = self._home.item(number) if isinstance(number, int) else None
        return item is not None and item[self._name] is not None

    def __iter__(self) -> Iterator[int]:
        home = self._home
        for tile in range(home.tiles):
            for origin in self._small:
                number = origin + tile * home.per_tile
                if number not in home.removed:
                    yield number
        last = home.tiles * home.per_tile
        new = (number for number in home.kept if number > last)
        yield from sorted(number for number in new if home.kept[number][self._name] is not None)

    def __len__(self) -> int:
        return len(self._home.ordered("pulls" if self._name == "pull" else "issues", "created_at"))


class _Lists(MutableMapping[int, list[Row]]):
    """Lists of rows by number; like a default dictionary, it has a list for every number."""

    def __init__(self, home: TiledRepository, kind: str) -> None:
        self._home, self._kind = home, kind

    def __getitem__(self, number: int) -> list[Row]:
        if number in self._home.removed:
            return []
        item = self._home.item(number)
        if item is None:
            item = self._home.kept_item(number)
        rows: list[Row] = item[self._kind]
        return rows

    def get(self, number: int, default: Any = None) -> Any:
        item = self._home.item(number)
        return default if item is None else item[self._kind]

    def __setitem__(self, number: int, rows: list[Row]) -> None:
        self._home.kept_item(number)[self._kind] = rows

    def __delitem__(self, number: int) -> None:
        if self._home.item(number) is not None:
            self._home.kept_item(number)[self._kind] = []

    def __contains__(self, number: object) -> bool:
        item = self._home.item(number) if isinstance(number, int) else None
        return item is not None and bool(item[self._kind])

    def __iter__(self) -> Iterator[int]:
        yield from (number for number in self._home.pulls if number in self)
        if self._kind == "issue_comments":
            yield from (number for number in self._home.issues if number in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Rows(Sequence[Row]):
    """A list that makes its rows when they are asked for."""

    def __init__(
        self, home: TiledRepository, kind: str, keys: "array[int]", *, falling: bool
    ) -> None:
        self._home, self._kind, self._keys, self._falling = home, kind, keys, falling

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...

    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return [self._at(place) for place in range(*at.indices(len(self._keys)))]
        return self._at(range(len(self._keys))[at])

    def _at(self, place: int) -> Row:
        key = self._keys[-1 - place] if self._falling else self._keys[place]
        return self._home.row_at(self._kind, key)


class _ById:
    """(number, row) by id, found by the tile that the id is of."""

    def __init__(self, home: TiledRepository, kind: str) -> None:
        self._home, self._kind = home, kind

    def get(self, row_id: int) -> tuple[int, Row] | None:
        home = self._home
        tile = int(row_id) // ID_SPAN
        known = home.small.by_id(self._kind).get(int(row_id) - tile * ID_SPAN)
        numbers = [] if known is None else [known[0] + tile * home.per_tile]
        for number in (*numbers, *home.kept):
            item = home.item(number)
            for row in item[self._kind] if item is not None else ():
                if row["id"] == row_id:
                    return number, row
        return None

    def __getitem__(self, row_id: int) -> tuple[int, Row]:
        found = self.get(row_id)
        if found is None:
            raise KeyError(row_id)
        return found


def _sorted_rows(small: Repository, kind: str, order: str) -> list[tuple[Row, int]]:
    """Rows of the small repository by that time, each with its place among those of its number."""
    found: list[tuple[Row, int]] = []
    if kind in _LISTS:
        for rows in getattr(small, kind).values():
            found += ((row, place) for place, row in enumerate(rows))
    else:
        for name in ("pulls", "issues"):
            if kind in (name, "items"):
                found += ((row, 0) for row in getattr(small, name).values())
    found.sort(key=lambda one: (one[0][order], int(one[0].get("number") or one[0]["id"])))
    return found


def _first_after(
    keys: Sequence[int], moment: tuple[Any, int], when: Callable[[int], Any], start: int
) -> int:
    low, high = start, len(keys)
    while low < high:
        middle = (low + high) // 2
        if when(keys[middle]) <= moment:
            low = middle + 1
        else:
            high = middle
    return low


def _other_sha(sha: str, tile: int) -> str:
    return f"{int(sha, 16) ^ tile:040x}"
