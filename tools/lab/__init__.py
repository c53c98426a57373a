# SPDX-License-Identifier: BSD-3-Clause
"""
A small network on one machine: hosts in network namespaces, the relay's programs, media peers and an ng
client. tools/quickstart and tests/netns are built from it. Python standard library only.
"""
