"""``nettwin optimize``."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettwin.cli import asking
from nettwin.cli.console import note
from nettwin.cli.exit_codes import ExitCode
from nettwin.cli.options import EngineOptions, InputFormat, Source, Top, complete_engine
from nettwin.cli.output import Destination, Result, emit
from nettwin.cli.progress import progress
from nettwin.cli.quantities import parse_count, parse_seconds

if TYPE_CHECKING:
    from nettwin.intents.intent import Intent
    from nettwin.optimize.budget import Budget
    from nettwin.optimize.optimizer import Optimizer
    from nettwin.optimize.solution import Solution
    from nettwin.predict.predictor import Predictor
    from nettwin.scenario import Scenario

_BUDGET = "Budget (the best plan so far when it is spent, or at Ctrl-C)"


def _complete_method(incomplete: str) -> list[str]:
    from nettwin.optimize.registry import names

    return [name for name in names() if name.startswith(incomplete)]


@dataclass(frozen=True, slots=True)
class Search:
    """Who searches, and for how long."""

    method: Annotated[
        str,
        typer.Option("--method", "-m", metavar="NAME", autocompletion=_complete_method, help="Who searches; docs/optimize.md compares."),
    ] = "portfolio"
    method_option: Annotated[
        list[str] | None,
        typer.Option("--method-option", metavar="KEY=VALUE", help="An option of the method; repeatable.", show_default=False),
    ] = None
    budget_s: Annotated[
        float | None,
        typer.Option(
            "--budget",
            metavar="TIME",
            parser=parse_seconds,
            help="As 10s or 2min. Default: 10s, none where --evaluations is given.",
            show_default=False,
            rich_help_panel=_BUDGET,
        ),
    ] = None
    evaluations: Annotated[
        float | None,
        typer.Option(
            "--evaluations",
            metavar="COUNT",
            parser=parse_count,
            help="Candidates that are worked out; with it alone, equal seeds give equal plans on every machine.",
            show_default=False,
            rich_help_panel=_BUDGET,
        ),
    ] = None
    seed: Annotated[int, typer.Option("--seed", help="Seed of the search, and of engines that use chance.", rich_help_panel=_BUDGET)] = 0

    def optimizer(self) -> "Optimizer":
        """The method. Raises InputError, MissingDependencyError."""
        from nettwin.optimize import registry

        return registry.create(self.method, **registry.options_from_plain(self.method, asking.parse_options(self.method_option)))

    def budget(self) -> "Budget":
        """The limits, without anybody who watches."""
        from nettwin.optimize.budget import Budget

        seconds = self.budget_s if self.budget_s is not None else 10.0 if self.evaluations is None else math.inf
        evaluations = None if self.evaluations is None else int(self.evaluations)
        return Budget(seconds=seconds, evaluations=evaluations, seed=self.seed)


def optimize(
    scenario: Source,
    *,
    intent: Annotated[
        Path | None,
        typer.Option(
            "--intent", "-i", metavar="FILE", help="What is wanted. Without it: the smallest maximum utilization.", show_default=False
        ),
    ] = None,
    search: Search,
    engine: Annotated[
        str, typer.Option("--engine", "-e", metavar="NAME", autocompletion=complete_engine, help="Who predicts delay and loss.")
    ] = "auto",
    option: EngineOptions = None,
    plan_out: Annotated[
        Path | None,
        typer.Option("--plan-out", metavar="FILE.yaml", help="Write the plan; `whatif --changes` takes it.", show_default=False),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE.svg", help="Draw the network before and after (.svg, .png, .pdf).", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 where a hard clause is undetermined.")] = False,
    destination: Destination,
    top: Top = 10,
    input_format: InputFormat = None,
) -> None:
    """Look for the changes that achieve an intent, and tell how good they provably are."""
    from nettwin.apps.plans.document import plan_document
    from nettwin.cli.solutions import plan_table, render_solution

    wanted = _intent(intent)
    optimizer = search.optimizer()
    predictor = asking.create_engine(engine, option, **({"seed": search.seed} if asking.takes(engine, "seed") else {}))
    question = asking.read(scenario, input_format).scenario
    _check_verifier(wanted)
    solution = _searched(optimizer, question, wanted, predictor, search.budget())
    solution = _verified(solution, question, wanted, predictor)
    result = Result(
        render=lambda console: render_solution(console, question, wanted, solution, top),
        document=lambda: plan_document(question, solution),
        table=lambda: plan_table(question, solution),
    )
    emit(result, destination)
    _keep(question, solution, plan_out, picture)
    _leave(solution, strict)


def _intent(path: Path | None) -> "Intent":
    from nettwin.apps.plans.wishes import LEAST_UTILIZATION

    if path is None:
        return LEAST_UTILIZATION
    from nettwin.intents.reading import read_intent

    return read_intent(path)


def _searched(optimizer: "Optimizer", scenario: "Scenario", intent: "Intent", predictor: "Predictor", budget: "Budget") -> "Solution":
    from dataclasses import replace

    from nettwin.apps.plans.wishes import shown_value
    from nettwin.cli.search_progress import interruptible, search_progress
    from nettwin.optimize.warming import warm_up

    with progress(f"loading {optimizer.name}"):
        warm_up(optimizer, intent, predictor)
    shown = shown_value(intent.objectives[0] if intent.objectives else None)
    with interruptible() as interrupt, search_progress(shown) as report:
        return optimizer.optimize(scenario, intent, predictor, replace(budget, report=report, interrupt=interrupt))


def _check_verifier(intent: "Intent") -> None:
    """Better before the search than after it."""
    if intent.verify is not None:
        from nettwin.optimize.verification import verifier_of

        verifier_of(intent.verify)


def _verified(solution: "Solution", scenario: "Scenario", intent: "Intent", predictor: "Predictor") -> "Solution":
    from nettwin.optimize.verification import verified

    if intent.verify is None:
        return solution
    with progress(f"verifying by engine {intent.verify.engine}"):
        return verified(solution, scenario, intent, predictor)


def _keep(scenario: "Scenario", solution: "Solution", plan_out: Path | None, picture: Path | None) -> None:
    """Write the files that were asked for."""
    from nettwin.apps.plans import draw_plan, in_words
    from nettwin.formats.plan_file import write_plan

    if plan_out is not None:
        words = "\n".join([f"Plan for {scenario.name or 'the network'}", *in_words(scenario, solution.scenario, solution.plan)])
        write_plan(solution.plan, plan_out, words)
        note(f"nettwin: wrote {plan_out}")
    if picture is not None:
        draw_plan(scenario, solution.scenario, picture, scenario.name)
        note(f"nettwin: wrote {picture}")


def _leave(solution: "Solution", is_strict: bool) -> None:
    """Exit code 1 where a hard clause is violated or verification fails, 4 (strict) where one is undetermined."""
    from nettwin.cli.intent.clauses import leave
    from nettwin.optimize.verification import is_rejected

    if solution.evidence.conflicts:
        note(f"nettwin: these clauses cannot hold together: {', '.join(solution.evidence.conflicts)}")
    rejected = is_rejected(solution)
    if rejected:
        note("nettwin: the plan is rejected: the engine that verifies it contradicts the prediction")
    leave(solution.evidence.verdict, is_strict and not rejected)
    if rejected:
        raise typer.Exit(ExitCode.OBJECTIVE_VIOLATED)
