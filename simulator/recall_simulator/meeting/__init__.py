"""What happens in the call: cast, timeline, scenario model, schedule, plan.

Pure: a scenario and a seed go in, a plan of timed items comes out.
"""

from recall_simulator.meeting.build import make_plans, plan_maker
from recall_simulator.meeting.duration import seconds
from recall_simulator.meeting.messages import FrameMessage, Messages, first_shots
from recall_simulator.meeting.plan import (
    Close,
    Cut,
    CutForm,
    Frame,
    FrameForm,
    Item,
    Overlap,
    Plan,
    Raw,
    Stall,
    Timed,
    Torn,
)
from recall_simulator.meeting.scenario import Scenario, scenario_schema
from recall_simulator.meeting.timeline import MeetingEvent, Span

__all__ = [
    "Close",
    "Cut",
    "CutForm",
    "Frame",
    "FrameForm",
    "FrameMessage",
    "Item",
    "MeetingEvent",
    "Messages",
    "Overlap",
    "Plan",
    "Raw",
    "Scenario",
    "Span",
    "Stall",
    "Timed",
    "Torn",
    "first_shots",
    "make_plans",
    "plan_maker",
    "scenario_schema",
    "seconds",
]
