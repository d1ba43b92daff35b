/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the agent can be reached, what it says of itself and of its slots. If it cannot be
 * reached, the way to its socket is looked at step by step, since "permission denied" alone helps
 * nobody.
 */
#include "cmd_doctor_agent.h"

#include "base/str.h"
#include "client.h"

#include <eunomia/version.h>

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

/* Calls a method without arguments of its own. Return: as client_call(). */
static int ask(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
	       const ProtobufCMessageDescriptor *reply, void *ret_reply, struct eun_error *err)
{
	ProtobufCMessage *message = NULL;
	int r = client_call(ctl, path, request, reply, &message, err);

	if (r == 0)
		*(void **)ret_reply = message;
	return r;
}

void doctor_agent_ask(struct doctor_agent *agent, struct ctl *ctl, struct doctor *doctor)
{
	Eunomia__V1__InfoRequest info = EUNOMIA__V1__INFO_REQUEST__INIT;
	Eunomia__V1__ListRequest list = EUNOMIA__V1__LIST_REQUEST__INIT;
	int r;

	*agent = (struct doctor_agent){ .error = EUN_ERROR_INIT };
	doctor->agent = agent;
	r = client_get_path(ctl, &agent->socket_path, &agent->error);
	if (r == 0 && eub_streq(agent->socket_path, CLIENT_DEFAULT_PATH) &&
	    doctor_is_agent_idle(doctor)) {
		doctor->is_idle = true;
		r = eun_error_set(&agent->error, -ENOTCONN, EUN_REASON_UNREACHABLE,
				  "it does not run, and was not started to be asked");
	}
	if (r == 0)
		r = ask(ctl, "/eunomia.v1.Agent/Info", &info.base,
			&eunomia__v1__info_reply__descriptor, &agent->info, &agent->error);
	if (r == 0)
		r = ask(ctl, "/eunomia.v1.Trackers/List", &list.base,
			&eunomia__v1__list_reply__descriptor, &agent->list, &agent->error);
	agent->is_there = r == 0;
	if (!agent->info)
		return;
	doctor->agent_pid = (pid_t)agent->info->pid;
	/* An older agent does not say where its folders are. */
	if (*agent->info->state_dir) {
		doctor->state_dir = agent->info->state_dir;
		doctor->bpffs_dir = agent->info->bpffs_dir;
		doctor->trackers_dir = agent->info->trackers_dir;
	}
}

void doctor_agent_done(struct doctor_agent *agent)
{
	if (agent->info)
		eunomia__v1__info_reply__free_unpacked(agent->info, NULL);
	if (agent->list)
		eunomia__v1__list_reply__free_unpacked(agent->list, NULL);
	eun_error_done(&agent->error);
	*agent = (struct doctor_agent){ .error = EUN_ERROR_INIT };
}

/* Reaching it */

#define GROUPS_MAX	 1024
#define NAME_ENTRY_BYTES 16384

/* Who asks, and the group that would be let in. */
struct names {
	char user[64];
	gid_t user_gid;
	char group[64];
};

static bool find_names(gid_t gid, struct names *ret_names)
{
	_cleanup_(eub_freep) char *memory = malloc(NAME_ENTRY_BYTES);
	struct passwd user, *found_user = NULL;
	struct group group, *found_group = NULL;

	if (!memory || getpwuid_r(geteuid(), &user, memory, NAME_ENTRY_BYTES, &found_user) != 0 ||
	    !found_user)
		return false;
	ret_names->user_gid = user.pw_gid;
	(void)snprintf(ret_names->user, sizeof(ret_names->user), "%s", user.pw_name);
	if (getgrgid_r(gid, &group, memory, NAME_ENTRY_BYTES, &found_group) != 0 || !found_group)
		return false;
	(void)snprintf(ret_names->group, sizeof(ret_names->group), "%s", group.gr_name);
	return true;
}

static bool is_in_list(const gid_t *groups, int n, gid_t gid)
{
	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

/* Says how this user comes to be in the socket's group. */
static void advise_group(struct doctor *doctor, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	struct names names;
	int n = getgroups(GROUPS_MAX, groups);

	if (gid == 0 || !find_names(gid, &names)) {
		doctor_remedy(doctor, "use sudo");
		return;
	}
	if (getegid() == gid || is_in_list(groups, n, gid)) {
		doctor_remedy(doctor,
			      "you are in its group '%s', which may not use it either: look at "
			      "SocketMode= and at getfacl",
			      names.group);
		return;
	}
	n = GROUPS_MAX;
	if (getgrouplist(names.user, names.user_gid, groups, &n) >= 0 && is_in_list(groups, n, gid))
		doctor_remedy(doctor,
			      "you came into group '%s' after you logged in: log in again, or "
			      "newgrp %s",
			      names.group, names.group);
	else
		doctor_remedy(doctor,
			      "you are not in group '%s': usermod -aG %s %s, then log in again",
			      names.group, names.group, names.user);
}

/* Why the agent cannot be reached, by a look at its socket. */
static void examine_socket(struct doctor *doctor, const struct doctor_agent *agent)
{
	const char *path = agent->socket_path;
	_cleanup_(eub_freep) char *full = doctor_path(doctor, "%s", path);
	struct stat st;

	if (!full)
		return;
	if (stat(full, &st) < 0 && errno == EACCES) {
		doctor_find(doctor, DOCTOR_PROBLEM,
			    "the folder of the agent's socket %s does not "
			    "let you in",
			    path);
		doctor_remedy(doctor, "use sudo");
	} else if (stat(full, &st) < 0) {
		doctor_find(doctor, DOCTOR_PROBLEM, "cannot find the agent's socket %s: %s", path,
			    strerror(errno));
		doctor_remedy(doctor, "systemctl enable --now eunomiad; or name the socket of "
				      "another agent with -H unix:///PATH");
	} else if (!S_ISSOCK(st.st_mode)) {
		doctor_find(doctor, DOCTOR_PROBLEM, "%s is no socket", path);
		doctor_remedy(doctor, "remove it, then systemctl restart eunomiad.socket");
	} else if (access(full, W_OK) < 0) {
		doctor_find(doctor, DOCTOR_PROBLEM, "you may not use the agent's socket %s: %s",
			    path, strerror(errno));
		advise_group(doctor, st.st_gid);
	} else {
		doctor_find(doctor, DOCTOR_PROBLEM, "the agent at %s does not answer: %s", path,
			    agent->error.message);
		doctor_remedy(doctor, "%s",
			      agent->error.hint[0] ? agent->error.hint
						   : "journalctl -u eunomiad -e");
	}
}

void doctor_check_agent(struct doctor *doctor)
{
	const struct doctor_agent *agent = doctor->agent;

	if (agent->is_there) {
		doctor_find(doctor, DOCTOR_OK, "eunomiad %s, process %" PRIu32 ", at %s",
			    agent->info->version, agent->info->pid, agent->socket_path);
	} else if (doctor->is_idle) {
		doctor_find(doctor, DOCTOR_NOTE,
			    "the agent does not run; the next call to %s "
			    "starts it",
			    agent->socket_path);
		doctor_remedy(doctor, "to have it examined, too: systemctl start eunomiad");
	} else if (agent->socket_path) {
		examine_socket(doctor, agent);
	} else {
		doctor_find(doctor, DOCTOR_PROBLEM, "%s", agent->error.message);
		doctor_remedy(doctor, "%s", agent->error.hint);
	}
}

/* What it says */

void doctor_check_versions(struct doctor *doctor)
{
	const struct doctor_agent *agent = doctor->agent;

	if (!eub_streq(eun_version(), EUNOMIA_VERSION)) {
		doctor_find(doctor, DOCTOR_WARNING, "eunomiactl is %s, but its library is %s",
			    EUNOMIA_VERSION, eun_version());
		doctor_remedy(doctor, "install the packages of one version");
	}
	if (!agent->is_there) {
		doctor_find(doctor, DOCTOR_NOTE, "eunomiactl %s; of the agent it is not known",
			    EUNOMIA_VERSION);
	} else if (!eub_streq(agent->info->version, EUNOMIA_VERSION)) {
		doctor_find(doctor, DOCTOR_WARNING, "the agent is %s, but eunomiactl is %s",
			    agent->info->version, EUNOMIA_VERSION);
		doctor_remedy(doctor, "if one was just upgraded: systemctl restart eunomiad");
	} else {
		doctor_find(doctor, DOCTOR_OK, "agent and eunomiactl are %s", EUNOMIA_VERSION);
	}
}

/* How bad it is if the agent does without; others are notes. */
static enum doctor_level get_feature_level(const char *name)
{
	static const struct {
		const char *name;
		enum doctor_level level;
	} features[] = {
		{ "kernel-btf", DOCTOR_PROBLEM },     { "ring-buffer", DOCTOR_PROBLEM },
		{ "tracepoint", DOCTOR_PROBLEM },     { "tracefs", DOCTOR_PROBLEM },
		{ "bpf-jit", DOCTOR_WARNING },	      { "keep-state", DOCTOR_WARNING },
		{ "keep-pins", DOCTOR_WARNING },      { "perf-event", DOCTOR_WARNING },
		{ "raw-tracepoint", DOCTOR_WARNING },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(features); i++)
		if (eub_streq(features[i].name, name))
			return features[i].level;
	return DOCTOR_NOTE;
}

void doctor_check_features(struct doctor *doctor)
{
	const Eunomia__V1__InfoReply *info = doctor->agent->info;
	size_t n_missing = 0;

	for (size_t i = 0; info && i < info->n_features; i++) {
		const Eunomia__V1__Feature *feature = info->features[i];

		if (feature->available)
			continue;
		n_missing++;
		doctor_find(doctor, get_feature_level(feature->name),
			    "the agent does without '%s'%s%s", feature->name,
			    *feature->detail ? ": " : "", feature->detail);
	}
	if (info && n_missing == 0)
		doctor_find(doctor, DOCTOR_OK, "the agent has all that it looks for");
}

static void judge_slot(struct doctor *doctor, const Eunomia__V1__Slot *slot)
{
	uint64_t lost = slot->stats ? slot->stats->lost : 0;

	if (slot->state == EUNOMIA__V1__SLOT_STATE__SLOT_STATE_WAITING) {
		doctor_find(doctor, DOCTOR_WARNING, "slot '%s' waits: %s", slot->name,
			    slot->waits_for);
		doctor_remedy(doctor,
			      "it starts when that is there; to forget it: eunomiactl "
			      "stop %s",
			      slot->name);
	}
	if (*slot->probation)
		doctor_find(doctor, DOCTOR_NOTE, "slot '%s' went back by itself: %s", slot->name,
			    slot->probation);
	if (lost > 0) {
		doctor_find(doctor, DOCTOR_NOTE, "slot '%s' lost %" PRIu64 " events in the kernel",
			    slot->name, lost);
		doctor_remedy(doctor, "a larger ring (--ring-bytes), or settings that let less "
				      "through");
	}
}

void doctor_check_slots(struct doctor *doctor)
{
	const Eunomia__V1__ListReply *list = doctor->agent->list;
	size_t n_running = 0;

	if (!list)
		return;
	for (size_t i = 0; i < list->n_slots; i++)
		n_running += list->slots[i]->state == EUNOMIA__V1__SLOT_STATE__SLOT_STATE_RUNNING;
	doctor_find(doctor, DOCTOR_OK, "slots: %zu, running: %zu", list->n_slots, n_running);
	for (size_t i = 0; i < list->n_slots; i++)
		judge_slot(doctor, list->slots[i]);
}

static void judge_declaration(struct doctor *doctor, const Eunomia__V1__UnmetDeclaration *unmet)
{
	if (unmet->waits) {
		doctor_find(doctor, DOCTOR_WARNING, "slot '%s' waits: %s", unmet->slot,
			    unmet->reason);
		doctor_remedy(doctor, "it is tried again by itself; at once by systemctl reload "
				      "eunomiad");
	} else {
		if (*unmet->slot)
			doctor_find(doctor, DOCTOR_PROBLEM, "slot '%s' is not as declared: %s",
				    unmet->slot, unmet->reason);
		else
			doctor_find(doctor, DOCTOR_PROBLEM, "%s", unmet->reason);
		doctor_remedy(doctor, "mend that, then systemctl reload eunomiad");
	}
}

void doctor_check_declared(struct doctor *doctor)
{
	const Eunomia__V1__InfoReply *info = doctor->agent->info;

	for (size_t i = 0; info && i < info->n_unmet_declarations; i++)
		judge_declaration(doctor, info->unmet_declarations[i]);
	if (info && info->n_unmet_declarations == 0)
		doctor_find(doctor, DOCTOR_OK, "every declared tracker is as its file says");
}

void doctor_check_set_aside(struct doctor *doctor)
{
	const Eunomia__V1__InfoReply *info = doctor->agent->info;

	for (size_t i = 0; info && i < info->n_set_aside; i++) {
		const Eunomia__V1__SetAside *aside = info->set_aside[i];

		doctor_find(doctor, DOCTOR_PROBLEM, "slot '%s' was set aside at %s: %s",
			    aside->slot, aside->time, aside->reason);
		doctor_remedy(doctor, "start it again from its package, then remove %s",
			      aside->folder);
	}
	if (info && info->n_set_aside == 0)
		doctor_find(doctor, DOCTOR_OK, "no slot was set aside");
}
