/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target of a program whose section cannot name its attach point: a network interface (XDP,
 * tc, tcx) or a cgroup. It is given with the slot's options, as text:
 *
 *   [PROGRAM:]iface=NAME[,dir=ingress|egress]
 *   [PROGRAM:]cgroup=PATH
 *
 * Without PROGRAM it is for every program that needs one of that kind and has none of its own.
 */
#pragma once

#include "object/attach_kind.h"

#include <eunomia/error.h>
#include <eunomia/slot.h>

#include <stdbool.h>

struct bpf_object;

enum eun__direction {
	EUN__DIRECTION_NONE,
	EUN__DIRECTION_INGRESS,
	EUN__DIRECTION_EGRESS,
	_EUN__DIRECTION_MAX,
};

/* Names only: what they mean is looked up when something is attached. */
struct eun__target {
	enum eun__point_kind point; /* EUN__POINT_INTERFACE or EUN__POINT_CGROUP; else there is no
				       target */
	enum eun__direction direction; /* tc and tcx */
	char *name;		       /* the interface, or the cgroup's folder; owned */
};

#define EUN__TARGET_INIT ((struct eun__target){ .point = EUN__POINT_UNKNOWN })

void eun__target_done(struct eun__target *target);
/* Whether programs of @kind are attached at a target; "kind->attach" alone does not tell, since
 * some need what cannot be given (sockets, name spaces). */
bool eun__target_is_needed(const struct eun__attach_kind *kind);
/**
 * eun__target_find() - the target that @options give to a program
 * @section:    names the direction of some ("tcx/egress")
 * @ret_target: the caller's to release; without a target it is EUN__TARGET_INIT
 *
 * Return: 1 if there is one; 0 if none is needed or none is given; -EINVAL
 * (EUN_REASON_INVALID_ARGUMENT), -ENOMEM.
 */
int eun__target_find(const struct eun_slot_options *options, const char *program,
		     const char *section, const struct eun__attach_kind *kind,
		     struct eun__target *ret_target, struct eun_error *err);
/**
 * eun__targets_check() - whether each target of @options can be understood and is of use
 * @object: opened; its programs are those that may be named
 *
 * Return: 0; -EINVAL (EUN_REASON_INVALID_ARGUMENT), -ENOENT (EUN_REASON_NOT_FOUND: no such
 * program), with near names in the hint.
 */
int eun__targets_check(const struct eun_slot_options *options, const struct bpf_object *object,
		       struct eun_error *err);
/* "needs --attach PROGRAM:iface=NAME" and the like, for programs that have no target. */
void eun__target_format_missing(const struct eun__attach_kind *kind, const char *program,
				char *text, size_t size);
/**
 * eun__target_to_string() - "iface=eth0,dir=ingress", "cgroup=/sys/fs/cgroup/x", "" for none
 *
 * Stable: equal targets have equal texts, over releases as well.
 *
 * Return: as snprintf(3): the length of the whole text.
 */
int eun__target_to_string(const struct eun__target *target, char *text, size_t size);
