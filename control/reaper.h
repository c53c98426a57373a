/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine's clock: ends calls whose time is over (silence, delete-delay), measures rates. It looks at a few calls per
 * tick, so ten thousand calls never hold up the loop. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_REAPER_H
#define RTPWIRE_CONTROL_REAPER_H

struct engine;
struct ev_loop;
struct reaper;

/* Starts ticking. 0 and *out, or -ENOMEM. */
int reaper_new(struct engine *eng, struct ev_loop *loop, struct reaper **out);

/* Stops and frees; NULL is fine. */
void reaper_free(struct reaper *r);

/* Looks at a tenth of the calls. Called ten times a second by its timer; tests call it too. */
void reaper_tick(struct reaper *r);

/* Runs the event loop for some milliseconds; only before the program's own ev_run(). */
void reaper_run_for(struct reaper *r, unsigned int ms);

#endif
