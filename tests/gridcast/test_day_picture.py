"""The picture of a day shows the steps that a day has, and the tables that they write."""

import ast
import inspect

import pytest

from flows import flows, steps
from gridcast.day_picture import COLUMNS, DAY, PICTURE, TRAIN, Step, picture
from lakehouse.tables import TABLES
from lakehouse.tables.gold import RUNS

ALL = (*DAY, TRAIN)


def test_it_is_what_the_steps_say() -> None:
    assert PICTURE.read_text() == picture(), "run 'make docs'"


def test_its_steps_are_those_of_the_flow_in_its_order() -> None:
    daily = ast.parse(inspect.getsource(flows.daily.fn))
    named = [
        (node.lineno, node.attr)
        for node in ast.walk(daily)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "tasks"
    ]
    assert list(dict.fromkeys(name for _, name in sorted(named))) == [s.name for s in DAY]
    assert TRAIN.name in flows.FLOWS


def test_every_table_is_written_by_a_step() -> None:
    assert {table for step in ALL for table in step.tables} == set(TABLES) - {RUNS}


@pytest.mark.parametrize("step", ALL, ids=lambda step: step.name)
def test_a_step_is_there_and_all_of_it_is_drawn(step: Step) -> None:
    assert callable(getattr(steps, step.name))
    assert set(step.reads) <= set(COLUMNS)
    drawn = sum(len(step.written(column)) for column in COLUMNS)
    assert drawn == len(step.tables) + len(step.words) > 0
