/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one string that Kamailio 6 sends as `rtpp-flags`: words, key=value, key=[a b], key=[x=[..]].
 * Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_NG_RTPP_H
#define RTPWIRE_CONTROL_NG_RTPP_H

#include "arena.h"
#include "str.h"
#include "value.h"

/*
 * Reads text into a dictionary in the order written. A bare word is an item without a key (p NULL)
 * whose value is the word; brackets become a list, or a dictionary when one of the elements has a
 * '='. Any text is accepted; brackets deeper than 8 stay text. Views point into text. NULL when
 * memory is out.
 */
struct ng_value *ng_rtpp_parse(struct arena *a, struct str text);

#endif
