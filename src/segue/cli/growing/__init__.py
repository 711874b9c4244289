"""``segue grow``: a file becomes a package, by moving what is in it and changing nothing of what it does.

``file.py`` reads the file as statements, ``names.py`` what each of them defines and uses; ``portrait.py`` asks the running program what its
names stand for, and is what is compared before and after. ``kinds.py`` says what a statement is, ``placing.py`` where it goes, ``paths.py`` what has to be
said differently there; ``modules.py`` writes it down. ``trying.py`` does all of it in another folder first.
"""
