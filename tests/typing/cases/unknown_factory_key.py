"""The factories' results have the functions' ids as keys."""

from mainstem.functions import InngestFunctions


def look(functions: InngestFunctions) -> None:
    print(functions["capture-pr-details"])
    print(functions["capture-pr-detail"])  # error: [typeddict-item] "capture-pr-detail"
