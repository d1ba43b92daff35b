/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder in the BPF file system under which each slot has a folder of its own for what the
 * kernel keeps of it. Blocks, but for a few microseconds only; any thread.
 */
#pragma once

#include "state_slot.h"

#include "base/cleanup.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>

struct pins;

/**
 * pins_open() - make the folder and lock it for this process
 * @path: in a mounted BPF file system; made if it is missing (its last component)
 *
 * Return: 0; -EBUSY: another agent uses it; -EOPNOTSUPP: no BPF file system; other -errno: the
 * folder cannot be used.
 */
int pins_open(const char *path, struct pins **ret_pins, struct eun_error *err);
/* Unlocks the folder; removes it if it is empty and this user's. NULL is allowed. Returns NULL. */
struct pins *pins_close(struct pins *pins);
EUB_DEFINE_CLEANUP(struct pins *, pins_close);

/* Chooses a folder for slot @name that does not exist: its name, with what this file system allows
 * in names, and if that is taken by a predecessor which is still being detached, with a number. */
void pins_choose(const struct pins *pins, const char *name, char ret_name[static STATE_PINS_MAX]);
/* The path of a slot's folder; free() it. NULL: out of memory. */
char *pins_path(const struct pins *pins, const char *folder);
bool pins_exist(const struct pins *pins, const char *folder);
/* Names of the slots' folders, sorted; release with folder_free_names(). Return: 0; -errno. */
int pins_list(const struct pins *pins, char ***ret_names, size_t *ret_n);
