"""Ask the service for every example in `examples.json` again, and write down what it answers.

To be run after an answer changed on purpose, from the top folder:
`python -m tests.service.record_examples`. To add an example, add its path, status and address with
an empty body first. Read the difference before you keep it.
"""

import json
import tempfile
from pathlib import Path

from service import api
from tests.bulletins.example import EXAMPLE_MONTHS, publish_months, without_hashes
from tests.bulletins.example_record import publish_record
from tests.bulletins.scenario_example import write_example
from tests.service.conftest import join_servers, serve_home

EXAMPLES = Path(api.__file__).with_name("examples.json")


def main() -> None:
    recorded = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as full, tempfile.TemporaryDirectory() as empty:
        publish_months(Path(full), EXAMPLE_MONTHS)
        publish_record(Path(full))
        write_example(Path(full))
        with serve_home(Path(full)) as client, serve_home(Path(empty)) as empty_client:
            for statuses in recorded.values():
                for status, bodies in statuses.items():
                    for address in bodies:
                        asked = empty_client if status == "503" else client
                        response = asked.get(address)
                        if response.status_code != int(status):
                            raise SystemExit(f"{address}: {response.status_code}, not {status}")
                        bodies[address] = without_hashes(response.json())
    join_servers()
    EXAMPLES.write_text(json.dumps(recorded, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
