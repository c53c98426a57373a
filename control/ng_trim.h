/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a reply that is too long for its transport shorter, in a fixed order. Pure; control's only
 * thread.
 */
#ifndef RTPWIRE_CONTROL_NG_TRIM_H
#define RTPWIRE_CONTROL_NG_TRIM_H

#include "arena.h"
#include "value.h"

/*
 * Steps, each one leaving out more than the one before; the caller encodes after each until it
 * fits: 1 SSRC details inside streams and medias, MOS progressions; 2 all dictionaries `SSRC`; 3
 * `streams`; 4 `medias` and subscriptions; 5 `tags`, `proxies`, `interfaces`; from 6 on `calls` is
 * cut in half each time.
 */
#define NG_TRIM_STEPS 20

/*
 * A copy of reply without what step (1..NG_TRIM_STEPS) leaves out, with a key `warning` that says
 * so. Strings are shared with reply. NULL when memory is out.
 */
struct ng_value *ng_trim(struct arena *a, const struct ng_value *reply, unsigned int step);

#endif
