/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Giving up root for good. Control's only thread, at start.
 */
#ifndef RTPWIRE_CONTROL_PRIVS_H
#define RTPWIRE_CONTROL_PRIVS_H

#include <stdbool.h>
#include <sys/types.h>

struct privs {
	bool root; /* started by root: there is something to drop */
	char user[64];
	uid_t uid; /* to run as */
	gid_t gid;
};

/*
 * Looks up who to run as; user may be empty (config.h). 0 and *out; -ENOENT for an unknown user;
 * -EPERM when it is root itself, or another user is wanted without being root. Failures are
 * logged.
 */
int privs_find(const char *user, struct privs *out);

/*
 * Keys of calls must not end in a file or a debugger: no core dump, and no ptrace by others of the same user. 0, or
 * -EPERM (logged). To be called before any key is read; privs_drop() does it again, since a change of user undoes it.
 */
int privs_seal(void);

/*
 * Becomes that user: groups, uid, no capability in any set, no new privileges, no core dump; then
 * verifies all of it. 0, or -EPERM (logged): the process must end then.
 */
int privs_drop(const struct privs *p);

#endif
