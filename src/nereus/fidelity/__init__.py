"""How close the embedded warehouse is to Apache Doris, measured against recorded facts.

`recorded/` holds what real Doris 4.0 servers answered; each module here compares one kind of them with what a warehouse
made for the purpose answers, and gives `Finding`s. `report` counts them; `page` writes them into the documentation.
"""
