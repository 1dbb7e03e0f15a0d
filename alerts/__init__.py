"""Ring when it matters: rules, what they say of a bulletin, a log of it, and its delivery.

Knows bulletins, and neither models nor the service, which reads its log. What delivers (apprise) is
imported only where that happens.

Where do I go to ...?

* write or check a rule or a channel: `rules.py`
* see when a rule rings: `evaluation.py`; what is then said: `text.py`
* raise the alerts of a bulletin: `raising.py`; send what is pending: `delivery.py`
* change how a channel is spoken to: `webhook.py` (signed), `messenger.py` (apprise)
* see what is recorded: `record.py`; how it lies on the disk: `log.py`
"""
