"""Peers. Each has a class Peer(database, url) with `open` and the works, sync or async; each work gets a number and gives what it found.

- `get`: the film with the key `1 + number % 1000`, as an object; gives its title.
- `rows`: all 1,000 films as objects; gives how many.
- `reply`: all 1,000 films as JSON.
- `load`: 20 films with their director and their awards, as objects; gives how many awards.
- `nested`: the same as JSON.
- `insert`: 1,000 awards at once, in one transaction that is rolled back; gives how many.
"""
