"""The side-by-side benchmark: start one server, load it from another core, count what it cost.

``roster`` says who is compared and how each is served, ``works`` what each is asked to do, ``server`` starts a process tree and
reads its CPU time and memory from ``/proc``, ``load`` drives it, ``schedule`` interleaves the repetitions, ``results`` keeps the
figures, ``report`` and ``chart`` write them down, ``checks`` holds the figures that only concern Segue.
"""
