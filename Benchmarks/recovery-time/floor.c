// SPDX-License-Identifier: Apache-2.0
// What the calls and commits of one run cost without anything around them: REQUESTS with a fresh connection each,
// through libcurl, and COMMITS of 4 kB each, synced, through SQLite in WAL mode. Prints CPU and peak memory.
//
//     cc -O2 -o floor floor.c -lcurl -lsqlite3
//     python3 -m http.server 8080 --bind 127.0.0.1 & ./floor http://127.0.0.1:8080/ floor.db
#include <curl/curl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { REQUESTS = 154, COMMITS = 92 };

static size_t drop(char *bytes, size_t size, size_t count, void *nothing) {
    (void)bytes, (void)nothing;
    return size * count;
}

static CURLcode request(CURLM *multi, const char *url) {
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_multi_add_handle(multi, easy);
    for (int running = 1; running;) {
        curl_multi_perform(multi, &running);
        if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    int left;
    CURLMsg *message = curl_multi_info_read(multi, &left);
    CURLcode result = message ? message->data.result : CURLE_GOT_NOTHING;
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    return result;
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: floor URL DATABASE\n"), 2;
    curl_global_init(CURL_GLOBAL_ALL);
    CURLM *multi = curl_multi_init();
    for (int number = 0; number < REQUESTS; number++) {
        CURLcode result = request(multi, arguments[1]);
        if (result != CURLE_OK) return fprintf(stderr, "floor: %s\n", curl_easy_strerror(result)), 1;
    }
    sqlite3 *database;
    char row[4001], statement[4200];
    memset(row, 'x', sizeof row - 1);
    row[sizeof row - 1] = 0;
    snprintf(statement, sizeof statement, "BEGIN IMMEDIATE; INSERT INTO t VALUES ('%s'); COMMIT", row);
    int failed = sqlite3_open(arguments[2], &database)
        || sqlite3_exec(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                  "CREATE TABLE IF NOT EXISTS t (a TEXT)", NULL, NULL, NULL);
    for (int number = 0; number < COMMITS && !failed; number++)
        failed = sqlite3_exec(database, statement, NULL, NULL, NULL);
    if (failed) return fprintf(stderr, "floor: %s\n", sqlite3_errmsg(database)), 1;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec;
    seconds += (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("CPU %.3f s, peak memory %.1f MiB\n", seconds, used.ru_maxrss / 1024.0);
}
