"""Serves an application until it is told to stop: in this process, or with a supervisor and workers."""

import contextlib
import logging
import os
import ssl
import sys
from collections.abc import Sequence
from typing import NoReturn

from segue.server.accesslog import AccessLogWriter, LogFormatError, load_logger
from segue.server.account import Account, AccountError
from segue.server.anew import HandedOver, begin_anew, handed_over
from segue.server.application import Application
from segue.server.callables import Answer, application_of
from segue.server.child import end_process
from segue.server.config import ServerConfig
from segue.server.daemon import Herald, daemonize
from segue.server.exchange import Exchange
from segue.server.link import Failed, Link
from segue.server.listen import BindError, Listener, open_listeners
from segue.server.logs import LogStream, setup_logging
from segue.server.pidfile import AlreadyRunning, PIDFile
from segue.server.processhooks import HookError, ProcessHooks
from segue.server.restarting import again, execute_again, supervised_by
from segue.server.supervisor import Supervisor
from segue.server.target import (
    Started,
    TargetError,
    forget_user_modules,
    load_target,
    loading,
    target_of_script,
)
from segue.server.tls import TLSError, ssl_context
from segue.server.worker import Worker

__all__ = ["run"]

logger = logging.getLogger("segue.server")


def run(application: Application | Answer | str, config: ServerConfig | None = None) -> None:
    """Serves ``application``, or what a target like ``"hello:app"`` names, until SIGTERM or Ctrl-C.

    It may be an ``async def`` function that takes a request and returns its response, too.

        run("hello:app", ServerConfig(binds=("0.0.0.0:8000",), workers=4))

    Raises SystemExit with a code other than 0 when it cannot serve; the log says why.
    """
    if not isinstance(application, str) and loading():
        raise Started(application_of(application))
    config = config or ServerConfig()
    stream = setup_logging(config.logs.file, config.logs.style)
    try:
        code = _Launch(application, config, stream).run()
    except (
        AccountError,
        AlreadyRunning,
        BindError,
        HookError,
        LogFormatError,
        TargetError,
        TLSError,
    ) as error:
        logger.error("%s", error)
        code = 1
    if again() and not code:
        execute_again()
    if code:
        sys.exit(code)


class _Launch:
    """What is opened before the first worker, while the rights and the terminal are still there."""

    def __init__(
        self, application: Application | Answer | str, config: ServerConfig, stream: LogStream | None
    ) -> None:
        if config.reloading is not None and not isinstance(application, str):
            application = target_of_script(application)
        self._application = application if isinstance(application, str) else application_of(application)
        self._config = config
        self._pid = 0
        self._account = Account(config.identity)
        self._streams = [] if stream is None else [stream]
        self._access_log: AccessLogWriter | None = None
        if config.logs.access is not None:
            access = LogStream(config.logs.access)
            self._streams.append(access)
            self._access_log = AccessLogWriter(access, config.logs.format)
        for one in self._streams:
            one.give_to(self._account.own)
        self._tls: ssl.SSLContext | None = None
        self._load_tls()
        self._hooks = ProcessHooks(config.main)
        self._listeners: Sequence[Listener] = ()
        self._exchange: Exchange | None = None
        self._herald = Herald()

    def run(self) -> int:
        if (handed := handed_over()) is not None:
            self._work(handed)
        if self._config.daemon:
            self._herald = daemonize(self._config.logs.file)
        self._pid = os.getpid()
        try:
            with contextlib.ExitStack() as stack:
                return self._serve(stack)
        except Exception as error:
            self._herald.failed(str(error))
            raise

    def _work(self, handed: HandedOver) -> NoReturn:
        """Is the worker of a supervisor that has begun this program."""
        self._pid = handed.link.parent
        self._listeners, self._exchange = handed.listeners, handed.exchange
        code = 1
        try:
            code = self._worker(handed.link).run()
        except Exception as error:
            handed.link.send(Failed(str(error)))
            raise
        finally:
            end_process(code)

    def _serve(self, stack: contextlib.ExitStack) -> int:
        config = self._config
        pid_file = None if config.pid_file is None else stack.enter_context(PIDFile(config.pid_file))
        self._listeners = open_listeners(config.binds, backlog=config.backlog, mode=config.socket_mode)
        for listener in self._listeners:
            stack.callback(listener.remove)
            stack.callback(listener.close)
        if config.workers > 1 and config.tls is None and config.block_limit is not None:
            self._exchange = Exchange.open()
            if self._exchange is not None:
                stack.callback(self._exchange.close)
        self._hooks.call("main_process_start")
        # In this process only: a worker that is forked from it leaves by os._exit.
        stack.callback(self._hooks.call, "main_process_stop")
        if not self._is_supervised():
            return self._make_worker(None).run()
        supervisor = Supervisor(
            self._make_worker,
            self._listeners,
            config,
            on_ready=self._on_ready,
            on_reload=self._load_tls,
            on_progress=(lambda _: None) if pid_file is None else pid_file.tell,
            hooks=self._hooks,
            reopen_logs=self._reopen_logs,
        )
        code = supervisor.run()
        self._herald.failed(supervisor.last_reason)
        return code

    def _is_supervised(self) -> bool:
        config = self._config
        return (
            config.workers > 1
            or config.daemon
            or config.recycling is not None
            or config.reloading is not None
            or config.fresh_workers
            or self._account.changes
        )

    def _make_worker(self, link: Link | None) -> Worker:
        if link is not None and self._config.fresh_workers:
            begin_anew(link, self._listeners, self._exchange)
        return self._worker(link)

    def _worker(self, link: Link | None) -> Worker:
        self._herald.leave()
        self._account.become()
        supervised_by(None if link is None else self._pid)
        given = self._config.logs.logger
        return Worker(
            self._load,
            self._listeners,
            self._config,
            tls=self._tls,
            access_log=self._access_log if given is None else load_logger(given),
            reopen_logs=self._reopen_logs,
            link=link,
            exchange=self._exchange,
        )

    def _load(self) -> Application:
        config = self._config
        application = self._application
        if isinstance(application, str):
            forget_user_modules()
            application = load_target(application, factory=config.factory)
        for name, value in (("debug", config.debug), ("development", config.development)):
            if value and hasattr(application, name):
                setattr(application, name, True)  # not every application has it
        if getattr(application, "debug", False) and not config.development:
            self._refuse_to_show()
        return application

    def _refuse_to_show(self) -> None:
        """Raises TargetError when an app that shows its errors would be served to other machines."""
        for listener in self._listeners:
            if not listener.is_local:
                raise TargetError(
                    f"The application has debug=True, which shows its source to whoever finds an error, and "
                    f"{listener.url('http')} is not for this machine alone. Take debug away, or bind 127.0.0.1; for "
                    f"development there is `segue run`."
                )

    def _load_tls(self) -> None:
        if self._config.tls is not None:
            self._tls = ssl_context(self._config.tls)

    def _reopen_logs(self) -> None:
        for stream in self._streams:
            stream.reopen()
            if os.getpid() == self._pid:
                stream.give_to(self._account.own)

    def _on_ready(self) -> None:
        scheme = "http" if self._tls is None else "https"
        urls = ", ".join(listener.url(scheme) for listener in self._listeners)
        count = self._config.workers
        workers = "1 worker" if count == 1 else f"{count} workers"
        logger.info("Segue serves at %s with %s (process %d). Ctrl-C stops it.", urls, workers, os.getpid())
        self._herald.ready()
