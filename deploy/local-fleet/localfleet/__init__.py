# SPDX-License-Identifier: Apache-2.0
"""A small AWS on this machine: moto answers the API, real web servers and a real load balancer stand behind it."""
