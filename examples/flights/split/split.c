/* Deal the rows of a CSV table out into a training and a test file, by a hash of one column.
 *
 *   split --rows PATH --train DIR --test DIR --key COLUMN --test_share 0.2 --seed 13
 *
 * PATH is a CSV file or a folder of them, each with the same header. Fields may be quoted and may
 * then hold commas, doubled quotes and line breaks. Memory: one record.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct options {
    const char *rows, *train, *test, *key;
    double test_share;
    uint64_t seed;
};

struct record {
    char *text;
    size_t length, capacity;
};

struct split {
    FILE *train, *test;
    struct record header;
    size_t train_rows, test_rows;
};

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("split: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

static void append(struct record *record, char byte) {
    if (record->length == record->capacity) {
        record->capacity = record->capacity ? 2 * record->capacity : 4096;
        record->text = realloc(record->text, record->capacity);
        if (!record->text) fail("out of memory");
    }
    record->text[record->length++] = byte;
}

/* Read one record without its line end; 0 at the end of the file. */
static int read_record(FILE *file, struct record *record) {
    int byte, quoted = 0;
    record->length = 0;
    while ((byte = getc_unlocked(file)) != EOF) {
        if (byte == '"') quoted = !quoted;
        if (byte == '\n' && !quoted) break;
        append(record, (char)byte);
    }
    if (ferror(file)) fail("cannot read: %s", strerror(errno));
    if (quoted) fail("a quoted field does not end");
    if (record->length && record->text[record->length - 1] == '\r') record->length--;
    return byte != EOF || record->length;
}

/* Find the field at `index`: its start, and its length without surrounding quotes. */
static const char *field(const struct record *record, size_t index, size_t *length) {
    const char *end = record->text + record->length, *start = record->text, *stop;
    for (;; start = stop + 1, index--) {
        int quoted = 0;
        for (stop = start; stop < end && (quoted || *stop != ','); stop++) quoted ^= *stop == '"';
        if (index == 0 || stop == end) break;
    }
    if (index) fail("a row has fewer fields than the header");
    if (stop - start >= 2 && *start == '"') start++, stop--;
    *length = (size_t)(stop - start);
    return start;
}

static size_t count_fields(const struct record *record) {
    size_t count = 1;
    int quoted = 0;
    for (size_t i = 0; i < record->length; i++) {
        quoted ^= record->text[i] == '"';
        count += !quoted && record->text[i] == ',';
    }
    return count;
}

static size_t find_column(const struct record *header, const char *name) {
    for (size_t index = 0, count = count_fields(header); index < count; index++) {
        size_t length;
        const char *text = field(header, index, &length);
        if (length == strlen(name) && !memcmp(text, name, length)) return index;
    }
    fail("no column `%s` in the header: %.*s", name, (int)header->length, header->text);
    return 0;
}

/* FNV-1a with a final mix, as a number in [0, 1). */
static double hash(const char *text, size_t length, uint64_t seed) {
    uint64_t h = 0xcbf29ce484222325u ^ (seed * 0x9e3779b97f4a7c15u);
    for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
    return (double)((h ^ (h >> 33)) >> 11) / (double)(1ull << 53);
}

static void write_record(FILE *file, const struct record *record) {
    fwrite(record->text, 1, record->length, file);
    if (putc_unlocked('\n', file) == EOF) fail("cannot write: %s", strerror(errno));
}

/* The first file's header heads both outputs; every other file must have the same. */
static void take_header(struct split *split, const struct record *header, const char *path) {
    if (!split->header.length) {
        for (size_t i = 0; i < header->length; i++) append(&split->header, header->text[i]);
        write_record(split->train, header);
        write_record(split->test, header);
    } else if (split->header.length != header->length ||
               memcmp(split->header.text, header->text, header->length)) {
        fail("%s: its header differs from the first file's", path);
    }
}

static void split_file(struct split *split, const struct options *options, const char *path) {
    struct record row = {0};
    FILE *file = fopen(path, "r");
    if (!file) fail("%s: %s", path, strerror(errno));
    if (!read_record(file, &row)) fail("%s: is empty", path);
    take_header(split, &row, path);
    size_t column = find_column(&row, options->key);
    while (read_record(file, &row)) {
        size_t length;
        const char *key = field(&row, column, &length);
        int is_test = hash(key, length, options->seed) < options->test_share;
        write_record(is_test ? split->test : split->train, &row);
        (*(is_test ? &split->test_rows : &split->train_rows))++;
    }
    fclose(file);
    free(row.text);
}

static int is_csv(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot && !strcmp(dot, ".csv");
}

static void split_path(struct split *split, const struct options *options) {
    struct stat about;
    struct dirent **entries;
    if (stat(options->rows, &about)) fail("%s: %s", options->rows, strerror(errno));
    if (!S_ISDIR(about.st_mode)) {
        split_file(split, options, options->rows);
        return;
    }
    int count = scandir(options->rows, &entries, is_csv, alphasort);
    if (count < 1) fail("%s: holds no CSV file", options->rows);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", options->rows, entries[i]->d_name);
        split_file(split, options, path);
        free(entries[i]);
    }
    free(entries);
}

static FILE *open_output(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (mkdir(folder, 0777) && errno != EEXIST) fail("%s: %s", folder, strerror(errno));
    FILE *file = fopen(path, "w");
    if (!file) fail("%s: %s", path, strerror(errno));
    return file;
}

static void close_output(FILE *file) {
    if (fclose(file)) fail("cannot write: %s", strerror(errno));
}

static struct options parse(int count, char **words) {
    struct options options = {.test_share = 0.2, .seed = 13};
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = words[i], *value = words[i + 1];
        if (!strcmp(name, "--rows")) options.rows = value;
        else if (!strcmp(name, "--train")) options.train = value;
        else if (!strcmp(name, "--test")) options.test = value;
        else if (!strcmp(name, "--key")) options.key = value;
        else if (!strcmp(name, "--test_share")) options.test_share = strtod(value, NULL);
        else if (!strcmp(name, "--seed")) options.seed = strtoull(value, NULL, 10);
        else fail("unknown option %s", name);
    }
    if (!options.rows || !options.train || !options.test || !options.key)
        fail("needs --rows, --train, --test and --key");
    return options;
}

int main(int count, char **words) {
    struct options options = parse(count, words);
    struct split split = {.train = open_output(options.train, "train.csv"),
                          .test = open_output(options.test, "test.csv")};
    split_path(&split, &options);
    close_output(split.train);
    close_output(split.test);
    printf("train_rows=%zu\ntest_rows=%zu\n", split.train_rows, split.test_rows);
    free(split.header.text);
    return 0;
}
