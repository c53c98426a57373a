/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON in and out, by jansson. Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_JSON_H
#define RTPWIRE_CONTROL_JSON_H

#include "arena.h"
#include "str.h"
#include "value.h"

/*
 * Reads one object. Booleans become 1 and 0, whole reals integers, other reals strings; members
 * that are null count as absent. Everything is copied into the arena. 0; -EINVAL for anything but
 * an object; -E2BIG beyond the limits of bencode.h; -ENOMEM.
 */
int json_decode(struct arena *a, struct str text, const struct ng_value **out);

/*
 * The text of v in the arena; p is NULL when memory is out. Bytes that are not UTF-8 become
 * U+FFFD. Of a key that stands twice in a dictionary the last value is written.
 */
struct str json_encode(struct arena *a, const struct ng_value *v);

#endif
