"""
The dashboard and the alerts ask for what a room tells of itself.
"""

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.web.doorrig import CONTROL, DoorTestCase
from twisted_messenger.steering import CONDITIONS

_FOLDER = Path(__file__).resolve().parent.parent / "examples" / "monitoring"

_NAME = re.compile(r"\btwisted_messenger_\w+")


class MonitoringTests(DoorTestCase):
    """
    ``examples/monitoring``.
    """

    def exported(self) -> set[str]:
        """
        The name of each value; that of a counter that may have none yet, too.
        """
        text = self.ask("GET /metrics", port=CONTROL).body.decode()
        names = set()
        for family in text_string_to_metric_families(text):
            names.add(f"{family.name}_total" if family.type == "counter" else family.name)
            if family.type == "histogram":
                names |= {sample.name for sample in family.samples}
        return names

    def test_dashboard(self) -> None:
        """
        Each panel asks for something that is there.
        """
        board = json.loads((_FOLDER / "grafana.json").read_text())
        asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        for expression in asked:
            self.assertTrue(_NAME.search(expression), expression)
        self.assertEqual(set(_NAME.findall(json.dumps(board))) - self.exported(), set())

    def test_alerts(self) -> None:
        """
        Each alert does, by names and states that there are.
        """
        text = (_FOLDER / "alerts.yml").read_text()
        self.assertEqual(set(_NAME.findall(text)) - self.exported(), set())
        (states,) = re.findall(r'state=~"([^"]+)"', text)
        self.assertEqual(set(states.split("|")) - set(CONDITIONS), set())
