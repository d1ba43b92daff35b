/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a slot's kernel objects are pinned in a BPF file system, under the slot's own folder:
 *
 *   page                      the switch page
 *   gate-HASH/                array, program, link0, link1, ...
 *   gen-N/                    prog-I, map-I by their order in the object; link-I/ for a program
 * that hangs by itself
 *
 * The kernel refuses names with a dot there.
 */
#pragma once

#include <eunomia/error.h>

#include <stddef.h>
#include <stdint.h>

#define EUN__PIN_PATH_MAX 512

/* "DIR/NAME". Return: 0; -ENAMETOOLONG. */
int eun__pin_path(char path[static EUN__PIN_PATH_MAX], const char *dir, const char *name);
/* "DIR/PREFIX-NUMBER". */
int eun__pin_path_numbered(char path[static EUN__PIN_PATH_MAX], const char *dir, const char *prefix,
			   size_t number);
/* Makes a folder that was not there. Return: 0; -errno of mkdir(2). */
int eun__pin_dir_new(const char *path, struct eun_error *err);
/* Pins an object. Return: 0; -errno of bpf(2). */
int eun__pin(int fd, const char *path, struct eun_error *err);
/* Removes a folder with all in it. Return: 0, also if there is none; the first -errno that was met,
 * after trying everything. */
int eun__pins_remove(const char *dir);
