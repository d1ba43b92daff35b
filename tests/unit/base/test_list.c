/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/list.h"

#include <stdlib.h>

struct item {
	int value;
	struct eub_list node;
};

static int sum(const struct eub_list *head)
{
	int total = 0;

	EUB_LIST_FOREACH (item, head, struct item, node)
		total = total * 10 + item->value;
	return total;
}

static void test_order_and_removal(void **state)
{
	struct item items[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct eub_list head;

	(void)state;
	eub_list_init(&head);
	assert_true(eub_list_is_empty(&head));
	assert_int_equal(sum(&head), 0);
	for (int i = 0; i < 3; i++)
		eub_list_append(&head, &items[i].node);
	assert_false(eub_list_is_empty(&head));
	assert_int_equal(sum(&head), 123);
	eub_list_remove(&items[1].node);
	assert_int_equal(sum(&head), 13);
	eub_list_remove(&items[1].node);
	assert_int_equal(sum(&head), 13);
	eub_list_append(&head, &items[1].node);
	assert_int_equal(sum(&head), 132);
}

static void test_entries_may_go_while_walking(void **state)
{
	struct eub_list head;

	(void)state;
	eub_list_init(&head);
	for (int i = 0; i < 10; i++) {
		struct item *item = calloc(1, sizeof(*item));

		assert_non_null(item);
		eub_list_append(&head, &item->node);
	}
	EUB_LIST_FOREACH (item, &head, struct item, node) {
		eub_list_remove(&item->node);
		free(item);
	}
	assert_true(eub_list_is_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_removal),
		cmocka_unit_test(test_entries_may_go_while_walking),
	};

	return cmocka_run_group_tests_name("base_list", tests, NULL, NULL);
}
