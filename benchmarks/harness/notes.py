"""The prose of ``docs/benchmarks.md`` around the tables."""

BEFORE = """\
# Benchmarks

Segue beside the Python frameworks people choose today, and beside two servers with no framework at all: fastpysgi, a C
server that calls one bare function, and uvicorn, which calls one bare ASGI function. They show what a framework could
reach at best.

![Requests per CPU-second of Segue, the two bare servers and the peer frameworks](assets/benchmarks.svg)

The figure that counts is **requests per CPU-second**: requests answered, divided by the user and system time of the
server's whole process tree, children included. It is what a request costs, whatever the number of cores. Throughput and
the 99th percentile are those of a closed loop of 64 connections against one saturated core: they say how long a queue
is, not how long one request takes.

## Promises
"""

AFTER = """\
## How it is measured

- One worker process per server, on one core; the load comes from another core. Production mode, no access log,
  keep-alive on. Segue runs by `segue serve` with its default settings, all limits on, and sends its security headers.
- Every measurement starts the server afresh, checks that the reply is right (body, status, content type; an invalid
  order must be refused), loads it for a second to warm up, then measures. Peers take turns, A B C A B C, so that a
  drift of the machine meets all of them alike. Tables show medians; *spread* is half the range, as a share of the
  median: smaller differences than that mean nothing.
- HTTP load is [wrk](https://github.com/wg/wrk) with 64 connections (16 for the streamed reply). Uploads (4 connections)
  and WebSocket messages (64 connections, one 64-byte message in flight on each) come from small clients of our own.
- Memory is the proportional set size of the process tree. An idle connection's share is the growth from 20 connections
  to 10,020, each of which has made one request. What the kernel holds for a socket is the same for all, and not in it.
- Each framework is on the server that served it best here: WSGI ones on fastpysgi, which is far faster than what they
  usually run on, ASGI ones on granian and on uvicorn, because neither is the better one at everything (Falcon: on uvicorn).
- Peers run on uvloop 0.21, which serves them a fifth to a third better than the current one, with which Segue runs.
- Validation is each framework's own: msgspec for Segue and Litestar, and for Falcon, whose documentation shows it;
  pydantic for FastAPI, BlackSheep and Robyn; frameworks without any call pydantic by hand, which is faster than what
  FastAPI does with it. Every one refuses an order that breaks a rule.
- Middlewares set one response header each: functions where a framework has them; pure ASGI middlewares for Starlette,
  FastAPI and Litestar; hooks, pipes, plugins, tools and tweens where those are the usual way; overridden `prepare`
  methods in Tornado, which has no middleware.
- A WSGI server reads a request body before it calls the app, and gives a streamed reply no backpressure to wait for: its
  figures for streams are good, its memory is what it is.
- socketify and Robyn are compiled code from the socket to the route; Emmett55 runs on a compiled server and router
  protocol. They are peers like the others, and the tables say so.
- A hypervisor's stolen time is counted as the server's: where the line under a table says that much went to others,
  trust only ratios.

## Run it

    make bench                                                                # all of it, into this page
    make bench ARGS="--only segue,fastpysgi,blacksheep --work plaintext,json --quick --seconds 2"
    make bench ARGS="--work checks"                                           # start-up, unused features, huge upload
    make bench ARGS="--report"                                                # this page again, from results.json

It needs Linux, two cores, `wrk`, and a limit of open files above 10,500 for the idle connections (`ulimit -n`). Pinned
versions are in `benchmarks/requirements.txt`, the applications in `benchmarks/peers`: one small file for each framework,
written the way its own documentation does it. If one of them could do better, please send the change.
"""
