/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts are few and short, so they are taken apart anew for each program that asks, and nothing
 * is kept but what one program needs. eun__targets_check() looks at all of them before anything is
 * loaded: a target that nobody uses is a mistyped one.
 */
#include "object/target.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/near.h"
#include "base/str.h"

#include <assert.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One text of the options, taken apart. */
struct request {
	const char *text;    /* as it was given; borrowed */
	char *copy;	     /* what the rest points into; owned */
	const char *program; /* NULL: every program that needs such a target */
	const char *name;    /* of the interface or cgroup; NULL: not yet seen */
	enum eun__point_kind point;
	enum eun__direction direction;
};

static const char *const direction_names[] = {
	[EUN__DIRECTION_NONE] = "",
	[EUN__DIRECTION_INGRESS] = "ingress",
	[EUN__DIRECTION_EGRESS] = "egress",
};
static_assert(EUB_ARRAY_SIZE(direction_names) == _EUN__DIRECTION_MAX, "one name per direction");

static void request_done(struct request *request)
{
	free(request->copy);
}

EUB_PRINTF(3, 4)
static int refuse(struct eun_error *err, const struct request *request, const char *format, ...)
{
	char why[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	eun_error_set_subject(err, request->text);
	return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT, "target '%s': %s",
			     request->text, why);
}

static int refuse_form(struct eun_error *err, const struct request *request, const char *why)
{
	(void)refuse(err, request, "%s", why);
	eun_error_set_hint(err, "a target is [PROGRAM:]iface=NAME[,dir=ingress|egress] or "
				"[PROGRAM:]cgroup=PATH");
	return -EINVAL;
}

static int set_name(struct request *request, enum eun__point_kind point, const char *value,
		    struct eun_error *err)
{
	if (request->name)
		return refuse_form(err, request, "it names more than one interface or cgroup");
	request->name = value;
	request->point = point;
	return 0;
}

static int set_interface(struct request *request, const char *value, struct eun_error *err)
{
	return set_name(request, EUN__POINT_INTERFACE, value, err);
}

static int set_cgroup(struct request *request, const char *value, struct eun_error *err)
{
	if (value[0] != '/')
		return refuse_form(err, request, "the cgroup's path does not begin with '/'");
	return set_name(request, EUN__POINT_CGROUP, value, err);
}

static int set_direction(struct request *request, const char *value, struct eun_error *err)
{
	for (int i = EUN__DIRECTION_INGRESS; i < _EUN__DIRECTION_MAX; i++)
		if (eub_streq(value, direction_names[i])) {
			request->direction = (enum eun__direction)i;
			return 0;
		}
	return refuse_form(err, request, "the direction is neither ingress nor egress");
}

static const struct setting {
	const char *key;
	bool has_rest; /* the value goes on to the end: paths may hold commas */
	int (*set)(struct request *request, const char *value, struct eun_error *err);
} settings[] = {
	{ "iface", false, set_interface },
	{ "dir", false, set_direction },
	{ "cgroup", true, set_cgroup },
};

static const struct setting *find_setting(const struct request *request, const char *key,
					  struct eun_error *err)
{
	struct eub_near near = EUB_NEAR_INIT(key);

	for (size_t i = 0; i < EUB_ARRAY_SIZE(settings); i++) {
		if (eub_streq(settings[i].key, key))
			return &settings[i];
		eub_near_offer(&near, settings[i].key);
	}
	(void)refuse(err, request, "there is no '%s'", key);
	if (!eub_near_hint(&near, err))
		eun_error_set_hint(err, "there are iface, dir and cgroup");
	return NULL;
}

/* "KEY=VALUE,KEY=VALUE", which is cut up. */
static int parse_settings(struct request *request, char *text, struct eun_error *err)
{
	int r = 0;

	while (text && r == 0) {
		char *value = strchr(text, '=');
		const struct setting *setting;
		char *comma;

		if (!value)
			return refuse_form(err, request, "it is not KEY=VALUE");
		*value++ = '\0';
		setting = find_setting(request, text, err);
		if (!setting)
			return -EINVAL;
		comma = setting->has_rest ? NULL : strchr(value, ',');
		if (comma)
			*comma = '\0';
		if (!*value)
			return refuse_form(err, request, "a value is empty");
		r = setting->set(request, value, err);
		text = comma ? comma + 1 : NULL;
	}
	return r;
}

/* @ret: the caller's to release, on failure as well. */
static int request_parse(const char *text, struct request *ret, struct eun_error *err)
{
	size_t n_program = strcspn(text, ":=");
	char *rest;
	int r;

	*ret = (struct request){ .text = text, .copy = strdup(text) };
	if (!ret->copy)
		return eub_error_no_memory(err);
	rest = ret->copy;
	if (rest[n_program] == ':') {
		rest[n_program] = '\0';
		ret->program = rest;
		rest += n_program + 1;
		if (!*ret->program)
			return refuse_form(err, ret, "the program's name is empty");
	}
	r = parse_settings(ret, rest, err);
	if (r < 0)
		return r;
	if (!ret->name)
		return refuse_form(err, ret, "it names neither an interface nor a cgroup");
	if (ret->direction != EUN__DIRECTION_NONE && ret->point != EUN__POINT_INTERFACE)
		return refuse_form(err, ret, "a cgroup's direction is in the program's section");
	return 0;
}

void eun__target_done(struct eun__target *target)
{
	free(target->name);
	*target = EUN__TARGET_INIT;
}

bool eun__target_is_needed(const struct eun__attach_kind *kind)
{
	return kind->point == EUN__POINT_INTERFACE || kind->point == EUN__POINT_CGROUP;
}

static bool has_direction(const struct eun__attach_kind *kind)
{
	return eub_streq(kind->name, "tc") || eub_streq(kind->name, "tcx");
}

/* "tcx/ingress", "tc/egress" */
static enum eun__direction get_section_direction(const char *section)
{
	for (int i = EUN__DIRECTION_INGRESS; i < _EUN__DIRECTION_MAX; i++) {
		const char *slash = strrchr(section, '/');

		if (slash && eub_streq(slash + 1, direction_names[i]))
			return (enum eun__direction)i;
	}
	return EUN__DIRECTION_NONE;
}

/* A section's direction holds; one that was said to this very program must not differ from it. */
static int choose_direction(const struct request *request, const char *section,
			    const struct eun__attach_kind *kind, enum eun__direction *ret,
			    struct eun_error *err)
{
	enum eun__direction own = get_section_direction(section);

	*ret = EUN__DIRECTION_NONE;
	if (!has_direction(kind)) {
		if (request->program && request->direction == EUN__DIRECTION_EGRESS)
			return refuse(err, request, "programs of kind %s see incoming packets only",
				      kind->name);
		return 0;
	}
	if (request->program && own != EUN__DIRECTION_NONE &&
	    request->direction != EUN__DIRECTION_NONE && request->direction != own)
		return refuse(err, request, "the program's section is '%s'", section);
	*ret = EUN__DIRECTION_INGRESS;
	if (request->direction != EUN__DIRECTION_NONE)
		*ret = request->direction;
	if (own != EUN__DIRECTION_NONE)
		*ret = own;
	return 0;
}

static int take(const struct request *request, const char *section,
		const struct eun__attach_kind *kind, struct eun__target *ret, struct eun_error *err)
{
	enum eun__direction direction;
	int r = choose_direction(request, section, kind, &direction, err);
	char *name;

	if (r < 0)
		return r;
	name = strdup(request->name);
	if (!name)
		return eub_error_no_memory(err);
	eun__target_done(ret);
	*ret =
	    (struct eun__target){ .point = request->point, .direction = direction, .name = name };
	return 1;
}

/* Looks at every text, because the program's own comes before one for all. */
int eun__target_find(const struct eun_slot_options *options, const char *program,
		     const char *section, const struct eun__attach_kind *kind,
		     struct eun__target *ret_target, struct eun_error *err)
{
	struct eun__target found = EUN__TARGET_INIT;
	bool is_own = false;
	int r = 0;

	for (size_t i = 0; i < options->n_attach && eun__target_is_needed(kind) && r >= 0; i++) {
		_cleanup_(request_done) struct request request = { 0 };

		r = request_parse(options->attach[i], &request, err);
		if (r < 0 || request.point != kind->point || (is_own && !request.program) ||
		    (request.program && !eub_streq(request.program, program)))
			continue;
		is_own = request.program != NULL;
		r = take(&request, section, kind, &found, err);
	}
	if (r < 0) {
		eun__target_done(&found);
		return r;
	}
	*ret_target = found;
	return found.point != EUN__POINT_UNKNOWN;
}

static const char *describe_need(const struct eun__attach_kind *kind)
{
	if (!kind || !eun__target_is_needed(kind))
		return "takes no target";
	return kind->point == EUN__POINT_CGROUP ? "is attached to a cgroup, not to an interface"
						: "is attached to an interface, not to a cgroup";
}

static int check_own(const struct request *request, const struct bpf_object *object,
		     struct eun_error *err)
{
	struct eub_near near = EUB_NEAR_INIT(request->program);
	const struct eun__attach_kind *kind;
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		eub_near_offer(&near, bpf_program__name(program));
		if (!eub_streq(bpf_program__name(program), request->program))
			continue;
		kind = eun__attach_kind_find(bpf_program__section_name(program));
		if (kind && kind->point == request->point)
			return 0;
		return refuse(err, request, "program '%s' (section '%s') %s", request->program,
			      bpf_program__section_name(program), describe_need(kind));
	}
	eun_error_set_subject(err, request->program);
	(void)eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
			    "target '%s': the tracker has no program '%s'", request->text,
			    request->program);
	(void)eub_near_hint(&near, err);
	return -ENOENT;
}

static int check_common(const struct request *request, const struct bpf_object *object,
			struct eun_error *err)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		const struct eun__attach_kind *kind =
		    eun__attach_kind_find(bpf_program__section_name(program));

		if (kind && kind->point == request->point)
			return 0;
	}
	return refuse(err, request, "no program of the tracker is attached to %s",
		      request->point == EUN__POINT_CGROUP ? "a cgroup" : "an interface");
}

static bool is_same_place(const struct request *a, const struct request *b)
{
	if (!a->program || !b->program)
		return !a->program && !b->program && a->point == b->point;
	return eub_streq(a->program, b->program);
}

/* A program hangs in one place. */
static int check_twice(const struct eun_slot_options *options, size_t i,
		       const struct request *request, struct eun_error *err)
{
	for (size_t k = 0; k < i; k++) {
		_cleanup_(request_done) struct request earlier = { 0 };
		int r = request_parse(options->attach[k], &earlier, err);

		if (r == 0 && is_same_place(&earlier, request))
			r = refuse(err, request, "'%s' is for the same programs", earlier.text);
		if (r < 0)
			return r;
	}
	return 0;
}

int eun__targets_check(const struct eun_slot_options *options, const struct bpf_object *object,
		       struct eun_error *err)
{
	int r = 0;

	for (size_t i = 0; i < options->n_attach && r == 0; i++) {
		_cleanup_(request_done) struct request request = { 0 };

		r = request_parse(options->attach[i], &request, err);
		if (r == 0)
			r = check_twice(options, i, &request, err);
		if (r == 0)
			r = request.program ? check_own(&request, object, err)
					    : check_common(&request, object, err);
	}
	return r;
}

void eun__target_format_missing(const struct eun__attach_kind *kind, const char *program,
				char *text, size_t size)
{
	if (kind->point == EUN__POINT_CGROUP)
		(void)snprintf(text, size, "it needs a cgroup: --attach %s:cgroup=PATH", program);
	else if (kind->point == EUN__POINT_INTERFACE)
		(void)snprintf(text, size, "it needs a network interface: --attach %s:iface=NAME%s",
			       program, eub_streq(kind->name, "tc") ? ",dir=ingress|egress" : "");
	else
		(void)snprintf(text, size,
			       "its attach point (a socket, a name space, a function) "
			       "is not in the section's name");
}

int eun__target_to_string(const struct eun__target *target, char *text, size_t size)
{
	const char *direction = direction_names[target->direction];

	if (target->point == EUN__POINT_CGROUP)
		return snprintf(text, size, "cgroup=%s", target->name);
	if (target->point == EUN__POINT_INTERFACE)
		return snprintf(text, size, "iface=%s%s%s", target->name, *direction ? ",dir=" : "",
				direction);
	return snprintf(text, size, "%s", "");
}
