/* Re-reading: open items that the list does not show any more, one by one. */
#include "tests/unit/collect_help.h"

#define URL                                                                         \
	"settings: {url: {type: url, required: true}, groups: {type: list}, user: " \
	"{type: string}}\n"

#define CHANGES                                                                          \
	URL "collect:\n  c:\n    kind: run\n    get: /changes\n    query: {after: \"{{ " \
	    "since }}\"}\n"                                                              \
	    "    since: {start: 7d, watermark: at, overlap: 5m}\n"                       \
	    "    reread: {get: \"/open/{key}\"}\n"                                       \
	    "    record: {id: id, state: {value: state, map: {success: succeeded}}, "    \
	    "opaque: {key: id}}\n"

static void test_reread(void **state)
{
	struct err e = ERR_INIT;
	static const char text[] = "[{\"id\":\"2\",\"opaque\":{\"key\":\"2\"}},{\"id\":"
				   "\"lost\",\"opaque\":{\"key\":\"lost\"}},"
				   "{\"id\":\"old/1\",\"opaque\":{\"key\":\"old/1\"}}]";
	(void)state;
	json_t *open = json_read(text, strlen(text), &e);
	assert_non_null(open);
	rig_open(&rig, CHANGES, "");
	struct got o = rig_collect_from(&rig, 0, NULL, open);
	got_ok(&o, 4); /* 3 of the list; 2 was among them, lost is gone, old/1 is read */
	got_record(&o, "old%2F1"); /* one segment */
	assert_string_equal(o.gone, "lost (404)");
	got_release(&o);
	rig_close(&rig);
	json_decref(open);
}

/* A far side without a 404 answers an empty list; null where the list should be says nothing. */
static void test_reread_by_list(void **state)
{
	static const char yaml[] =
		URL "collect:\n  c:\n    kind: run\n    get: /changes\n"
		    "    reread: {get: \"/found/{key}\", items: rows}\n"
		    "    record: {id: id, state: state, opaque: {key: id}}\n";
	(void)state;
	json_t *open = json_pack("[{s:s,s:{s:s}},{s:s,s:{s:s}},{s:s,s:{s:s}}]", "id",
		"there", "opaque", "key", "there", "id", "lost", "opaque", "key", "lost",
		"id", "odd", "opaque", "key", "odd");
	assert_non_null(open);
	rig_open(&rig, yaml, "");
	struct got o = rig_collect_from(&rig, 0, NULL, open);
	got_ok(&o, 4);
	got_record(&o, "there");
	assert_string_equal(o.gone, "lost (not found)");
	got_release(&o);
	rig_close(&rig);
	json_decref(open);
}

/* A far side that takes no notice of the key: what it tells of another is nothing about this one. */
static void test_reread_of_another(void **state)
{
	static const char yaml[] =
		URL "collect:\n  c:\n    kind: run\n    get: /changes\n"
		    "    reread: {get: /found/there, items: rows}\n"
		    "    record: {id: id, state: state, opaque: {key: id}}\n";
	(void)state;
	json_t *open =
		json_pack("[{s:s,s:{s:s}}]", "id", "lost", "opaque", "key", "lost");
	rig_open(&rig, yaml, "");
	struct got o = rig_collect_from(&rig, 0, NULL, open);
	got_ok(&o, 4);
	assert_string_equal(o.gone, "");
	assert_non_null(strstr(o.unread, "lost ("));
	assert_non_null(strstr(o.partial, "the answer is not about it"));
	got_release(&o);
	rig_close(&rig);
	json_decref(open);
}

static json_t *open_list(const char *const *ids)
{
	json_t *list = json_array();
	for (; *ids; ids++)
		json_array_append_new(list,
			json_pack("{s:s, s:{s:s}}", "id", *ids, "opaque", "key", *ids));
	return list;
}

/* Without an answer one stays as it was and the next is asked; a refused login asks no further. */
static void test_reread_without_an_answer(void **state)
{
	static const char *const ids[] = {"broken", "lost", "old", NULL},
				 *const first[] = {"forbidden", "lost", NULL};
	(void)state;
	json_t *open = open_list(ids);
	rig_open(&rig, CHANGES, "");
	struct got o = rig_collect_from(&rig, 0, NULL, open);
	got_ok(&o, 4);
	got_record(&o, "old");
	assert_string_equal(o.unread, "broken (HTTP 500)");
	assert_string_equal(o.gone, "lost (404)");
	assert_non_null(
		strstr(o.partial, "1 not listed any more and not read: HTTP 500"));
	assert_string_not_equal(
		o.since, ""); /* what the list gave is whole all the same */
	got_release(&o);
	json_decref(open);
	open = open_list(first);
	o = rig_collect_from(&rig, 0, NULL, open);
	got_ok(&o, 3);
	assert_string_equal(o.unread, "forbidden (HTTP 403)");
	assert_string_equal(o.gone, "");
	got_release(&o);
	json_decref(open);
	rig_close(&rig);
}

/* What is missing from a complete list with reread is looked at, a few a round, and gets its extras too. */
static void test_reread_of_a_complete_list(void **state)
{
	static const char yaml[] = URL
		"collect:\n  c:\n    kind: grant\n    get: /changes\n    complete: true\n"
		"    gone: expiring\n    reread: {get: \"/open/{key}\", max: 2}\n"
		"    enrich: [{when: \"id == 'old'\", get: \"/tasks/{{ item.id }}\", "
		"items: tasks, as: tasks}]\n"
		"    record: {id: id, state: {default: active}, opaque: {key: id}, "
		"labels: {task: \"tasks[0].task\"}}\n";
	static const char *const ids[] = {"2", "lost", "old", "later", NULL};
	(void)state;
	json_t *open = open_list(ids);
	rig_open(&rig, yaml, "");
	struct got o = rig_collect_from(&rig, 0, NULL, open);
	got_ok(&o, 4); /* three of the list, and old; later waits for its turn */
	assert_false(o.r.full);
	assert_string_equal(o.partial, "");
	assert_string_equal(o.gone, "lost (404)");
	assert_int_equal(connector_gone(source_connector(rig.source), 0), STATE_EXPIRING);
	assert_string_equal(
		json_str(json_sub(got_record(&o, "old"), "labels"), "task", ""), "told");
	got_release(&o);
	rig_close(&rig);
	json_decref(open);
}

static json_t *one_lost(void)
{
	return json_pack("[{s:s,s:{s:s}}]", "id", "lost", "opaque", "key", "lost");
}

struct canceller {
	struct collect *c;
	int gone;
	bool done;
};

static void cancel_gone(void *arg, const char *id, const char *why)
{
	struct canceller *k = arg;
	(void)why;
	assert_string_equal(id, "lost");
	k->gone++;
	collect_cancel(k->c);
}

static void never_done(void *arg, const struct collect_result *r)
{
	struct canceller *k = arg;
	(void)r;
	k->done = true;
}

static void ignore_batch(void *arg, const struct collect_batch *b)
{
	(void)arg;
	(void)b;
}

static void test_cancel_when_gone(void **state)
{
	struct canceller k = {0};
	struct collect_fns fns = {.batch = ignore_batch,
		.gone = cancel_gone,
		.done = never_done,
		.arg = &k};
	bool never = false;
	json_t *open = one_lost();
	(void)state;
	rig_open(&rig, CHANGES, "");
	k.c = source_collect(rig.source, 0, NULL, open, &fns);
	json_decref(open);
	loop_until(rig.loop, &never, 300);
	assert_int_equal(k.gone, 1);
	assert_false(k.done);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reread),
		cmocka_unit_test(test_reread_by_list),
		cmocka_unit_test(test_reread_of_another),
		cmocka_unit_test(test_reread_without_an_answer),
		cmocka_unit_test(test_reread_of_a_complete_list),
		cmocka_unit_test(test_cancel_when_gone),
	};
	return cmocka_run_group_tests_name("reread", tests, rig_setup, rig_teardown);
}
