#include "settings.h"

#include "json_reader.h"

static void once(const JsonReader *reader, bool *seen) {
    if (*seen) {
        json_refuse(reader, "the same setting twice");
    }
    *seen = true;
}

Settings settings_read(const char *json) {
    Settings settings = {.percent = 10, .from_quantity = 3, .title = text_of("Volume discount")};
    if (json == NULL) {
        return settings;
    }
    JsonReader reader = json_reader(text_of(json), EXIT_SETTINGS);
    bool percent = false, from_quantity = false, title = false;
    Text name;
    json_enter_object(&reader);
    while (json_next_member(&reader, &name)) {
        if (text_is(name, "percent")) {
            once(&reader, &percent);
            settings.percent = json_whole(&reader, 1, 100, "percent must be a whole number from 1 to 100,");
        } else if (text_is(name, "from_quantity")) {
            once(&reader, &from_quantity);
            settings.from_quantity =
                json_whole(&reader, 1, QUANTITY_MAX, "from_quantity must be a whole number from 1 to 1000000,");
        } else if (text_is(name, "title")) {
            once(&reader, &title);
            settings.title = json_string(&reader);
        } else {
            json_refuse(&reader, "the settings are percent, from_quantity and title; there is another");
        }
    }
    json_end(&reader);
    return settings;
}
