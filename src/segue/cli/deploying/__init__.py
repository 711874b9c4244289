"""Deployments: releases of an app on another machine, by ssh."""
