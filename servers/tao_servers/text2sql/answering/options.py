"""Which stages a question goes through."""

from dataclasses import dataclass

from tao.settings import Text2sqlSettings

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """The stages and how much of each.

    `candidates` statements are written at most, fewer when the first two agree and `early` is set; names
    that do not exist are mended (`mend`); what does not run, or gives what can hardly be meant, goes back to
    the model `repairs` times; `ties` has the model choose among results with as many votes; `judge` asks it
    whether the chosen statement answers the question. The prompt shows examples that the schema makes by
    itself (`illustrations`), up to `examples` verified ones, and the `hints` of linking: values, numbers and
    dates that the question names.
    """

    candidates: int = 3
    early: bool = True
    mend: bool = True
    repairs: int = 1
    ties: bool = False
    judge: bool = False
    illustrations: bool = True
    examples: int = 3
    hints: bool = True

    @classmethod
    def from_settings(cls, settings: Text2sqlSettings) -> "Options":
        """The stages that the settings want."""
        return cls(candidates=settings.candidates, repairs=settings.repairs, judge=settings.judge)

    @classmethod
    def plain(cls) -> "Options":
        """One try, whose names are taken as they are."""
        return cls(
            candidates=1, mend=False, repairs=0, judge=False, illustrations=False, examples=0, hints=False
        )
