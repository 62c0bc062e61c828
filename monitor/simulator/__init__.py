"""Seeded traffic of a made-up service centre, with its truth.

``centre`` is who is there, ``phrases`` what is said of which goods, ``traffic`` when buyers
come, ``talk`` what can happen in a conversation, ``chat`` what does in one visit,
``simulation`` the one loop that plays all of it in order of time, ``truth`` what
every wait really was. ``feed`` is what the collectors make of it, ``senders``
carries it to a file or to one of the ``doors``.

Nothing here is imported by the rest of the program but the commands ``simulate``
and ``demo``: the monitor cannot tell this traffic from any other.
"""
