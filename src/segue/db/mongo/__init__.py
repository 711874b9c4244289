"""MongoDB: objects of models as documents.

    from segue.db.mongo import MongoDB, evolves

    events = MongoDB("mongodb://localhost/shop", name="events")

``mongodb`` is the database, ``criteria`` writes conditions, ``documents`` makes documents of objects and back, ``related`` loads what they refer to, ``units``
are units of work, ``evolution`` brings old documents to the shape of now, ``testing`` has a server in memory.
"""

from segue.db.mongo.criteria import criteria
from segue.db.mongo.evolution import evolves
from segue.db.mongo.mongodb import MongoDB
from segue.db.mongo.units import Unit

__all__ = ["MongoDB", "Unit", "criteria", "evolves"]
