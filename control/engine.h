/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that calls need: the call table, ports, interfaces, the dataplane link and the reaper.
 * One per process. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_ENGINE_H
#define RTPWIRE_CONTROL_ENGINE_H

struct config;
struct engine;
struct ev_loop;

/*
 * Builds the engine and starts connecting to the dataplane (again and again when it is away). cfg must
 * outlive it. 0 and *out, or -ENOMEM.
 */
int engine_new(const struct config *cfg, struct ev_loop *loop, struct engine **out);

/*
 * Waits, at most wait_ms, for the first welcome of the dataplane, then checks that every --interface
 * address is one of its media addresses. 0; -ENOENT, -EACCES or -ETIMEDOUT when the dataplane did not answer;
 * -EPROTO when contracts differ; -EBUSY when it has another control; -EINVAL for a bad interface. Each
 * failure was logged with what to do. Only called at start, before the loop runs.
 */
int engine_wait_ready(struct engine *eng, unsigned int wait_ms);

/* Closes the link (flows stay in the dataplane and go on relaying) and frees; NULL is fine. */
void engine_free(struct engine *eng);

#endif
