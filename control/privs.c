/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From root to nobody. What parses strangers' text must not be able to do anything else. Control's
 * only thread, at start.
 */
#include "privs.h"
#include "log.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int unprivileged(const char *user, struct privs *out)
{
	struct passwd *pw = *user ? getpwnam(user) : NULL;

	if (*user && (!pw || pw->pw_uid != geteuid())) {
		log_error("--user %s: only root can become another user; start as root or leave it "
			  "out",
			  user);
		return -EPERM;
	}
	out->uid = geteuid();
	out->gid = getegid();
	return 0;
}

int privs_find(const char *user, struct privs *out)
{
	struct passwd *pw;

	*out = (struct privs){ .root = geteuid() == 0 };
	if (!out->root)
		return unprivileged(user, out);
	if (!*user)
		user = getpwnam("rtpwire") ? "rtpwire" : "nobody";
	pw = getpwnam(user);
	if (!pw) {
		log_error("--user %s: no such user; create it or name another one", user);
		return -ENOENT;
	}
	if (pw->pw_uid == 0 || pw->pw_gid == 0) {
		log_error("--user %s: has root's user or group id; name an ordinary user", user);
		return -EPERM;
	}
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	snprintf(out->user, sizeof(out->user), "%s", user);
	return 0;
}

static int failed(const char *what)
{
	log_error("cannot give up privileges: %s: %s", what, strerror(errno));
	return -EPERM;
}

static int become(const struct privs *p)
{
	if (setgroups(0, NULL) != 0)
		return failed("setgroups");
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++) {
		if (cap_get_bound(cap) == 1 && cap_drop_bound(cap) != 0)
			return failed("drop from the bounding set");
	}
	if (setresgid(p->gid, p->gid, p->gid) != 0)
		return failed("setresgid");
	if (setresuid(p->uid, p->uid, p->uid) != 0)
		return failed("setresuid");
	return 0;
}

static int clear_capabilities(void)
{
	cap_t none = cap_init();
	int rc;

	if (!none)
		return failed("cap_init");
	rc = cap_set_proc(none);
	cap_free(none);
	if (rc != 0 || cap_reset_ambient() != 0)
		return failed("clear capabilities");
	return 0;
}

static bool no_capability(void)
{
	cap_t now = cap_get_proc(), none = cap_init();
	bool same = now && none && cap_compare(now, none) == 0;

	cap_free(now);
	cap_free(none);
	return same;
}

static int verify(const struct privs *p)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) != 0 || getresgid(&rgid, &egid, &sgid) != 0)
		return failed("getresuid");
	errno = EPERM;
	if (ruid != p->uid || euid != p->uid || suid != p->uid)
		return failed("user ids are still mixed");
	if (p->root && (rgid != p->gid || egid != p->gid || sgid != p->gid))
		return failed("group ids are still mixed");
	if (p->root && getgroups(0, NULL) != 0)
		return failed("supplementary groups are left");
	if (setuid(0) == 0)
		return failed("could become root again");
	if (!no_capability())
		return failed("capabilities are left");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return failed("no_new_privs is not set");
	return 0;
}

int privs_seal(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return failed("setrlimit");
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return failed("prctl");
	return 0;
}

int privs_drop(const struct privs *p)
{
	if (p->root && become(p) != 0)
		return -EPERM;
	if (clear_capabilities() != 0)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed("prctl");
	return privs_seal() != 0 ? -EPERM : verify(p);
}
