"""``segue add``: lines are added to a project; none of those that are there is changed or taken away.

``project.py`` finds out what there is, ``capabilities.py`` lists what can be added, ``lines.py`` adds lines to a text; ``application.py`` knows where plugins and
imports go, ``configuration.py`` where settings and dependencies do, ``scaffolds.py`` writes models, resources and templates, ``deployment.py`` files for production.
"""
