# SPDX-License-Identifier: Apache-2.0
"""``xlvs explain``: what becomes of a packet, and why.

`question` says which packet, `packet` makes it, `gather` has the real programs try it on a copy of the tables and collects
facts, and everything from there on is pure: `story` makes a story of the facts, `render` lines or JSON of the story.
"""
