/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides how a program hangs on its attach point: gate, direct, or not at all, with the reason.
 * The fall back from gate to direct happens where the kernel refuses a gate; everything that
 * decides is in the table of attach kinds.
 *
 * A gate that another generation has on the same point is shared. If the kernel refuses the program
 * there (its expected attach type or its flags differ), the hook gets a gate of its own: both gates
 * read one switch word, and each has an entry only for its own generations, so the change from one
 * to the other is as exact as within one gate.
 */
#include "object/hook.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "object/attach_kind.h"
#include "object/attach_point.h"
#include "object/libbpf_log.h"
#include "object/limits.h"
#include "object/link.h"
#include "object/pins.h"
#include "object/refusal.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

struct eun__hook {
	struct eun_slot_hook info; /* strings: program's own, static, or reason below */
	const struct eun__attach_kind *kind;
	struct bpf_program *program;
	int program_fd; /* the object's */
	struct eun__target target;
	uint32_t index;
	struct eun__gate *gate;	 /* EUN_ATTACH_GATE: one reference */
	struct eun__links links; /* EUN_ATTACH_DIRECT */
	char *pin_dir;		 /* the slot's; NULL: nothing is pinned */
	char *link_dir;		 /* for EUN_ATTACH_DIRECT, where the links are pinned */
	bool is_enabled;
	bool is_adopted; /* libbpf does not know the program: it cannot be attached again */
	char *program_name;
	char *section;
	char *key;
	char reason[EUN_ERROR_MESSAGE_MAX];
};

static const struct eun__attach_kind unknown_kind = {
	.section = "",
	.name = "unknown",
	.gate = EUN__GATE_NONE,
	.attach = EUN__ATTACH_NEVER,
};

static void set_mode(struct eun__hook *hook, enum eun_attach_mode mode, const char *reason)
{
	hook->info.mode = mode;
	(void)snprintf(hook->reason, sizeof(hook->reason), "%s", reason);
}

/* The point, and which of the generation's programs there it is: "section|target|ordinal". */
static char *make_key(const struct eun__hook *hook, const struct eun__hook_context *context)
{
	int n = eun__target_to_string(&hook->target, NULL, 0);
	_cleanup_(eub_freep) char *target = malloc((size_t)n + 1);
	_cleanup_(eub_freep) char *point = NULL;
	unsigned int ordinal = 0;
	char *key = NULL;

	if (!target)
		return NULL;
	(void)eun__target_to_string(&hook->target, target, (size_t)n + 1);
	if (asprintf(&point, "%s|%s|", hook->section, target) < 0) {
		point = NULL; /* what it is after a failure is not defined */
		return NULL;
	}
	for (size_t i = 0; i < context->n_previous; i++)
		ordinal += eub_has_prefix(context->previous[i]->key, point);
	return asprintf(&key, "%s%u", point, ordinal) < 0 ? NULL : key;
}

/* The key of a gate that only generations from @generation on use, its elders having another. */
static char *make_own_key(const struct eun__hook *hook, uint32_t generation)
{
	char *key = NULL;

	return asprintf(&key, "%s@%u", hook->key, generation) < 0 ? NULL : key;
}

static int load_gate(struct eun__hook *hook, const struct eun__hook_context *context,
		     const char *key, struct eun_error *why)
{
	int r = eun__gate_new(context->sw, hook->kind, hook->program, hook->program_fd, key,
			      &hook->gate, why);

	if (r == 0)
		r = eun__gate_put(hook->gate, hook->index, hook->program_fd);
	if (r < 0)
		(void)eun_error_set(why, r, EUN_REASON_ATTACH_FAILED,
				    "the kernel does not take the program behind a gate: %s",
				    strerror(-r)); /* kept as it is if the gate said more */
	return r;
}

/* Return: 0; -EEXIST: there is one, but it does not take the program. */
static int share_gate(struct eun__hook *hook, const struct eun__hook_context *context)
{
	struct eun__gate *gate = context->find_gate(context->userdata, hook->key);

	if (!gate)
		return -ENOENT;
	if (eun__gate_put(gate, hook->index, hook->program_fd) < 0)
		return -EEXIST;
	hook->gate = eun__gate_ref(gate);
	return 0;
}

static int get_gate(struct eun__hook *hook, const struct eun__hook_context *context)
{
	struct eun_error why = EUN_ERROR_INIT;
	_cleanup_(eub_freep) char *own_key = NULL;
	int r = share_gate(hook, context);

	if (r == -EEXIST) {
		own_key = make_own_key(hook, context->generation);
		if (!own_key)
			return -ENOMEM;
	}
	if (r < 0)
		r = load_gate(hook, context, own_key ? own_key : hook->key, &why);
	if (r == 0) {
		set_mode(hook, EUN_ATTACH_GATE, "");
	} else {
		hook->gate = eun__gate_unref(hook->gate);
		set_mode(hook, EUN_ATTACH_DIRECT, why.message);
	}
	eun_error_done(&why);
	return r == -ENOMEM ? r : 0;
}

static bool lacks_target(const struct eun__hook *hook)
{
	return hook->kind->attach == EUN__ATTACH_TARGET && hook->target.point == EUN__POINT_UNKNOWN;
}

/* Whether it is clear without asking the kernel that the program is not attached. */
static bool is_unattached(struct eun__hook *hook)
{
	if (hook->kind->attach == EUN__ATTACH_NEVER) {
		set_mode(hook, EUN_ATTACH_NONE, "programs of this section are not attached");
		return true;
	}
	if (lacks_target(hook)) {
		set_mode(hook, EUN_ATTACH_NONE, "");
		eun__target_format_missing(hook->kind, hook->program_name, hook->reason,
					   sizeof(hook->reason));
		return true;
	}
	return false;
}

static const char *no_gate_reason(const struct eun__hook *hook,
				  const struct eun__hook_context *context)
{
	return eun__attach_kind_no_gate_reason(hook->kind, eun__object_get_bpf(context->object));
}

static int choose_mode(struct eun__hook *hook, const struct eun__hook_context *context)
{
	const char *reason;

	if (is_unattached(hook))
		return 0;
	reason = no_gate_reason(hook, context);
	if (!*reason)
		return get_gate(hook, context);
	set_mode(hook, EUN_ATTACH_DIRECT, reason);
	return 0;
}

static int copy_names(struct eun__hook *hook, const struct eun__hook_context *context)
{
	char path[EUN__PIN_PATH_MAX];
	char dir[32];

	hook->program_name = strdup(bpf_program__name(hook->program));
	hook->section = strdup(bpf_program__section_name(hook->program));
	if (!hook->program_name || !hook->section)
		return -ENOMEM;
	if (!context->pin_dir)
		return 0;
	(void)snprintf(dir, sizeof(dir), "gen-%u/link-%zu", context->generation,
		       context->n_previous);
	if (eun__pin_path(path, context->pin_dir, dir) < 0)
		return -ENAMETOOLONG;
	hook->pin_dir = strdup(context->pin_dir);
	hook->link_dir = strdup(path);
	return hook->pin_dir && hook->link_dir ? 0 : -ENOMEM;
}

/* All that new and adopted hooks have in common. */
static int hook_begin(const struct eun__hook_context *context, struct bpf_program *program,
		      struct eun__hook **ret_hook, struct eun_error *err)
{
	struct eun__hook *hook = calloc(1, sizeof(*hook));
	int r;

	if (!hook)
		return eub_error_no_memory(err);
	hook->links = EUN__LINKS_INIT;
	hook->target = EUN__TARGET_INIT;
	hook->program = program;
	hook->program_fd = eun__object_get_program_fd(context->object, program);
	hook->index = context->index;
	r = copy_names(hook, context);
	if (r == 0) {
		hook->kind = eun__attach_kind_find(hook->section);
		if (!hook->kind)
			hook->kind = &unknown_kind;
		hook->info = (struct eun_slot_hook){ .program = hook->program_name,
						     .section = hook->section,
						     .kind = hook->kind->name,
						     .mode_reason = hook->reason };
		r = eun__target_find(context->options, hook->program_name, hook->section,
				     hook->kind, &hook->target, err);
	}
	if (r >= 0) {
		hook->key = make_key(hook, context);
		r = hook->key ? 0 : -ENOMEM;
	}
	*ret_hook = hook;
	return r;
}

static int finish(struct eun__hook *hook, int r, struct eun__hook **ret_hook, struct eun_error *err)
{
	if (r < 0) {
		eun__hook_leave(hook);
		return eun_error_set(err, r, EUN_REASON_NO_MEMORY, "%s", strerror(-r));
	}
	*ret_hook = hook;
	return 0;
}

int eun__hook_new(const struct eun__hook_context *context, struct bpf_program *program,
		  struct eun__hook **ret_hook, struct eun_error *err)
{
	struct eun__hook *hook = NULL;
	int r = hook_begin(context, program, &hook, err);

	if (!hook)
		return r;
	if (r == 0)
		r = eun__attach_point_check(hook->kind, hook->section, context->btf, err);
	if (r == 0)
		r = eun__attach_point_check_target(&hook->target, err);
	if (r == 0)
		r = choose_mode(hook, context);
	return finish(hook, r, ret_hook, err);
}

/* Its own gate, else the point's: from another generation, or from its pin. */
static int adopt_gate(struct eun__hook *hook, const struct eun__hook_context *context,
		      struct eun_error *err)
{
	_cleanup_(eub_freep) char *own_key = make_own_key(hook, context->generation);
	struct eun__gate *gate;
	int r;

	if (!own_key)
		return -ENOMEM;
	r = eun__gate_adopt(hook->kind, own_key, context->pin_dir, &hook->gate, NULL);
	if (r != -ENOENT)
		return r;
	gate = context->find_gate(context->userdata, hook->key);
	if (gate) {
		hook->gate = eun__gate_ref(gate);
		return 0;
	}
	return eun__gate_adopt(hook->kind, hook->key, context->pin_dir, &hook->gate, err);
}

/* What hangs there is known from its pins. A paused slot's direct hooks have none. */
static int adopt_mode(struct eun__hook *hook, const struct eun__hook_context *context,
		      struct eun_error *err)
{
	bool can_gate = !*no_gate_reason(hook, context);
	int r = -ENOENT;

	if (is_unattached(hook))
		return 0;
	if (can_gate)
		r = adopt_gate(hook, context, err);
	if (r == 0) {
		set_mode(hook, EUN_ATTACH_GATE, "");
		return 0;
	}
	if (eun__links_adopt(&hook->links, hook->link_dir) == 0) {
		hook->is_enabled = true;
		eun_error_done(err);
	} else if (can_gate) {
		return r;
	}
	set_mode(hook, EUN_ATTACH_DIRECT, "attached without a gate before the agent was restarted");
	return 0;
}

int eun__hook_adopt(const struct eun__hook_context *context, struct bpf_program *program,
		    struct eun__hook **ret_hook, struct eun_error *err)
{
	struct eun__hook *hook = NULL;
	int r = hook_begin(context, program, &hook, err);

	if (!hook)
		return r;
	hook->is_adopted = true;
	if (r == 0)
		r = adopt_mode(hook, context, err);
	return finish(hook, r, ret_hook, err);
}

static void hook_release(struct eun__hook *hook)
{
	eun__target_done(&hook->target);
	free(hook->pin_dir);
	free(hook->link_dir);
	free(hook->program_name);
	free(hook->section);
	free(hook->key);
	free(hook);
}

struct eun__hook *eun__hook_free(struct eun__hook *hook)
{
	if (!hook)
		return NULL;
	if (hook->gate)
		eun__gate_clear(hook->gate, hook->index);
	eun__gate_unref(hook->gate);
	eun__hook_disable(hook);
	hook_release(hook);
	return NULL;
}

struct eun__hook *eun__hook_leave(struct eun__hook *hook)
{
	if (!hook)
		return NULL;
	eun__gate_leave(hook->gate);
	eun__links_leave(&hook->links);
	hook_release(hook);
	return NULL;
}

static enum eun__step step_of(const struct eun__hook *hook)
{
	if (hook->target.point == EUN__POINT_INTERFACE || hook->target.point == EUN__POINT_CGROUP)
		return EUN__STEP_ATTACH_NETWORK;
	return hook->kind->point == EUN__POINT_USER_FUNCTION ? EUN__STEP_ATTACH_USER
							     : EUN__STEP_ATTACH;
}

static void hint_at_refusal(const struct eun__hook *hook, int r, struct eun_error *err)
{
	if (r == -EBUSY && hook->target.point == EUN__POINT_INTERFACE)
		eun_error_set_hint(err,
				   "an interface runs one XDP program; 'bpftool net' names it");
	else
		eun__refusal_hint_attach(r, step_of(hook), err);
}

static int attach_failed(const struct eun__hook *hook, int r, struct eun_error *err)
{
	const char *words = eun__libbpf_log_first();
	char target[256];
	const char *place = eun__target_to_string(&hook->target, target, sizeof(target)) > 0
				? target
				: hook->section;

	eun_error_set_subject(err, place);
	(void)eun_error_set(
	    err, r, r == -EPERM || r == -EACCES ? EUN_REASON_PERMISSION : EUN_REASON_ATTACH_FAILED,
	    "program '%s' cannot be attached at '%s': %s%s%s", hook->program_name, place,
	    eun__refusal_strerror(r), *words ? "; " : "", words);
	hint_at_refusal(hook, r, err);
	return r;
}

int eun__hook_attach(struct eun__hook *hook, struct eun_error *err)
{
	int r;

	if (hook->info.mode != EUN_ATTACH_GATE)
		return 0;
	eun__libbpf_log_reset();
	r = eun__gate_attach(hook->gate, &hook->target, EUN__PERF_EVENT_HZ);
	return r < 0 ? attach_failed(hook, r, err) : 0;
}

int eun__hook_pin(struct eun__hook *hook, struct eun_error *err)
{
	if (!hook->pin_dir || hook->info.mode != EUN_ATTACH_GATE)
		return 0;
	return eun__gate_pin(hook->gate, hook->pin_dir, err);
}

/* A link that the kernel cannot pin ends with the process, as all did without pins. */
static void pin_direct(struct eun__hook *hook)
{
	if (!hook->link_dir || mkdir(hook->link_dir, 0700) < 0)
		return;
	if (eun__links_pin(&hook->links, hook->link_dir) < 0)
		(void)eun__pins_remove(hook->link_dir); /* half of them is worse than none */
}

static int attach_direct(struct eun__hook *hook)
{
	if (hook->kind->attach == EUN__ATTACH_PERF_EVENT)
		return eun__links_attach_clock(&hook->links, hook->program, EUN__PERF_EVENT_HZ);
	if (hook->kind->attach == EUN__ATTACH_TARGET)
		return eun__links_attach_target(&hook->links, hook->program, hook->kind,
						&hook->target);
	return eun__links_attach_auto(&hook->links, hook->program);
}

int eun__hook_enable(struct eun__hook *hook, struct eun_error *err)
{
	int r;

	if (hook->info.mode != EUN_ATTACH_DIRECT || hook->is_enabled)
		return 0;
	if (hook->is_adopted) {
		eun_error_set_subject(err, hook->section);
		eun_error_set_hint(err, "load it anew: eunomiactl swap NAME with the same package");
		return eun_error_set(err, -EOPNOTSUPP, EUN_REASON_WRONG_STATE,
				     "program '%s' hangs without a gate and was loaded before the "
				     "agent was restarted: it cannot be attached again",
				     hook->program_name);
	}
	eun__libbpf_log_reset();
	r = attach_direct(hook);
	if (r < 0)
		return attach_failed(hook, r, err);
	pin_direct(hook);
	hook->is_enabled = true;
	return 0;
}

void eun__hook_disable(struct eun__hook *hook)
{
	if (hook->link_dir && hook->is_enabled)
		(void)eun__pins_remove(hook->link_dir);
	eun__links_done(&hook->links);
	hook->is_enabled = false;
}

const struct eun_slot_hook *eun__hook_get_info(const struct eun__hook *hook)
{
	return &hook->info;
}

const char *eun__hook_get_key(const struct eun__hook *hook)
{
	return hook->key;
}

struct eun__gate *eun__hook_get_gate(const struct eun__hook *hook)
{
	return hook->gate;
}

int eun__hook_get_stats_fd(const struct eun__hook *hook)
{
	switch (hook->info.mode) {
	case EUN_ATTACH_GATE:
		return eun__gate_get_program_fd(hook->gate);
	case EUN_ATTACH_DIRECT:
		return hook->program_fd;
	case EUN_ATTACH_NONE:
	case _EUN_ATTACH_MODE_MAX:
		break;
	}
	return -EBADF;
}
