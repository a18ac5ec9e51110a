"""The problems of one campaign file, collected until all of them can be told at once."""

from callbeat.campaigns.wording import one_line
from callbeat.errors import Finding, Level, Problem

MOST_PROBLEMS = 100

Where = tuple[str | int, ...]


class Notes:
    """What is wrong in one file so far, each with its line (from 1; 0 is the file as a whole)."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.errors = 0
        self._problems: list[Problem] = []

    def add(self, line: int, where: Where, problem: str, fix: str, level: Level = "error") -> None:
        """Take down one problem at a path of keys; the empty path is the file."""
        self.errors += level == "error"
        place = one_line(dotted(where), 120)
        self._problems.append(Problem(self.file, line, place, one_line(problem), one_line(fix), level))

    def add_finding(self, line: int, finding: Finding) -> None:
        """Take down what somebody else found, at the line of its path."""
        self.add(line, finding.where, finding.problem, finding.fix, finding.level)

    def in_order(self) -> tuple[Problem, ...]:
        """All problems by line. Of very many, the first hundred and a last one that counts the rest."""
        ordered = sorted(self._problems, key=lambda problem: problem.line)
        told, untold = ordered[:MOST_PROBLEMS], ordered[MOST_PROBLEMS:]
        if untold:
            level: Level = "error" if any(problem.level == "error" for problem in untold) else "warning"
            words = f"{len(untold)} more problems follow"
            told.append(Problem(self.file, untold[0].line, "file", words, "mend those above first", level))
        return tuple(told)


def dotted(where: Where) -> str:
    """A path of keys as people write it: `schedule.cron`, `from_numbers[0]`, and `file` for the empty path."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return text.removeprefix(".") or "file"
