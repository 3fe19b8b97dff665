BEGIN TRANSACTION;
CREATE TABLE access_copies (
	admin_id BIGINT NOT NULL, 
	message_id BIGINT NOT NULL, 
	user_id BIGINT NOT NULL, 
	update_id BIGINT NOT NULL, 
	CONSTRAINT pk_access_copies PRIMARY KEY (admin_id, message_id), 
	CONSTRAINT fk_access_copies_user_id FOREIGN KEY(user_id) REFERENCES access_requests (user_id) ON DELETE CASCADE
);
INSERT INTO "access_copies" VALUES(1001,20,7007,700000012);
CREATE TABLE access_requests (
	user_id BIGINT NOT NULL, 
	update_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	thread_id BIGINT, 
	message_id BIGINT, 
	decided_by BIGINT, 
	allowed BOOLEAN, 
	told BOOLEAN NOT NULL, 
	CONSTRAINT pk_access_requests PRIMARY KEY (user_id), 
	CONSTRAINT ck_access_requests_decision CHECK ((decided_by IS NULL) = (allowed IS NULL)), 
	CONSTRAINT fk_access_requests_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO "access_requests" VALUES(2002,700000002,2002,NULL,1,1001,1,1);
INSERT INTO "access_requests" VALUES(7007,700000012,7007,NULL,18,NULL,NULL,0);
CREATE TABLE album_parts (
	update_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	group_id TEXT NOT NULL, 
	message_id BIGINT NOT NULL, 
	file_id TEXT, 
	bytes BIGINT, 
	caption TEXT, 
	media_id INTEGER, 
	problem TEXT, 
	taken BOOLEAN NOT NULL, 
	CONSTRAINT pk_album_parts PRIMARY KEY (update_id), 
	CONSTRAINT fk_album_parts_chat_id_group_id FOREIGN KEY(chat_id, group_id) REFERENCES albums (chat_id, group_id) ON DELETE CASCADE, 
	CONSTRAINT ck_album_parts_problem CHECK (media_id IS NULL OR problem IS NULL), 
	CONSTRAINT fk_album_parts_media_id FOREIGN KEY(media_id) REFERENCES media (id) ON DELETE CASCADE
);
INSERT INTO "album_parts" VALUES(700000005,2002,'13900000000000001',7,'AgACAgIAAxTalPerE4QtkvNd64mD0u3-AmMf9GDECA9HM94VW1f9Q',677,'A film --seed 12345',1,NULL,1);
INSERT INTO "album_parts" VALUES(700000006,2002,'13900000000000001',8,'AgACAgIAAxg79_zZE-gdNfDQ6U7R7AYR6OO0kJwjsA758HbyBeZ8Y',677,NULL,2,NULL,1);
CREATE TABLE albums (
	chat_id BIGINT NOT NULL, 
	group_id TEXT NOT NULL, 
	user_id BIGINT NOT NULL, 
	update_id BIGINT NOT NULL, 
	opened_at DOUBLE NOT NULL, 
	due_at DOUBLE NOT NULL, 
	open BOOLEAN NOT NULL, 
	CONSTRAINT pk_albums PRIMARY KEY (chat_id, group_id)
);
INSERT INTO "albums" VALUES(2002,'13900000000000001',2002,700000005,1800014400.0,1800014401.0,0);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE alerts (
	name TEXT NOT NULL, 
	text TEXT NOT NULL, 
	raised_at DOUBLE NOT NULL, 
	told_at DOUBLE, 
	CONSTRAINT pk_alerts PRIMARY KEY (name)
);
CREATE TABLE attempts (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	dialect TEXT NOT NULL, 
	token_hash TEXT NOT NULL, 
	callback BOOLEAN NOT NULL, 
	task_id TEXT, 
	begun_at DOUBLE NOT NULL, 
	sent_at DOUBLE, 
	knocked_at DOUBLE, 
	error TEXT, 
	CONSTRAINT pk_attempts PRIMARY KEY (id), 
	CONSTRAINT uq_attempts_job_id_number UNIQUE (job_id, number), 
	CONSTRAINT fk_attempts_job_id FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT uq_attempts_token_hash UNIQUE (token_hash)
);
INSERT INTO "attempts" VALUES(1,1,1,'veo','2613b6d5b680c5853c9cbe98cc12791bdcef698015e82d5d2ace9a58a635a1bf',1,'veo_task_2ba0784b80c4',1800014410.0,1800014410.0,NULL,NULL);
INSERT INTO "attempts" VALUES(2,2,1,'veo','00e74980b539415462c8633e589945ebf302ffa1b45c21faaae7aaa666c70fd9',0,'veo_task_2ba0784b80c4',1.80001441420398831366e+09,1.80001441420398831366e+09,NULL,NULL);
INSERT INTO "attempts" VALUES(3,3,1,'veo','a699882f1f8839381cc6d91572e82460a6853738f78fe920a21d4caf6369b809',1,'veo_task_2ba0784b80c4',1.80001441420398831366e+09,1.80001441420398831366e+09,NULL,NULL);
INSERT INTO "attempts" VALUES(4,4,1,'veo','437fcb25e04edcbe638381f6542b235f4cdaeed9731c6d175c10935970b6fe71',1,NULL,1.80001441557065439223e+09,1.80001441557065439223e+09,NULL,'refused');
INSERT INTO "attempts" VALUES(5,5,1,'veo','897d993cfeb93348b096749bd3ff3e8e5b7ac287454e6ea7d4268f77165a6843',1,'veo_task_e3f0b9468983',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL,NULL);
INSERT INTO "attempts" VALUES(6,6,1,'veo','6ca23b465c5b14d3b95db783e992e855eb5c3779aaced3d46ed7a1d4fbe4652b',1,'75c829abc0e59bbd630a782163ddfd83',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL,NULL);
CREATE TABLE balances (
	user_id BIGINT NOT NULL, 
	granted BIGINT NOT NULL, 
	held BIGINT NOT NULL, 
	CONSTRAINT pk_balances PRIMARY KEY (user_id), 
	CONSTRAINT ck_balances_granted CHECK (granted >= 0), 
	CONSTRAINT ck_balances_held CHECK (held >= 0)
);
INSERT INTO "balances" VALUES(2002,500,60);
INSERT INTO "balances" VALUES(1001,0,60);
CREATE TABLE copies (
	chat_id BIGINT NOT NULL, 
	message_id BIGINT NOT NULL, 
	job_id INTEGER NOT NULL, 
	CONSTRAINT pk_copies PRIMARY KEY (chat_id, message_id), 
	CONSTRAINT fk_copies_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
CREATE TABLE daily (
	user_id BIGINT NOT NULL, 
	day TEXT NOT NULL, 
	used BIGINT NOT NULL, 
	carried BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_daily PRIMARY KEY (user_id, day)
);
INSERT INTO "daily" VALUES(2002,'2027-01-15',245,0);
CREATE TABLE drafts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	user_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	thread_id BIGINT, 
	message_id BIGINT, 
	step TEXT NOT NULL, 
	active BOOLEAN NOT NULL, 
	kind TEXT NOT NULL, 
	parent_id INTEGER, 
	prompt TEXT, 
	options TEXT NOT NULL, 
	photos TEXT NOT NULL, 
	card_message_id BIGINT, 
	more BOOLEAN NOT NULL, 
	update_id BIGINT, 
	expires_at DOUBLE NOT NULL, 
	CONSTRAINT ck_drafts_step CHECK (step IN ('prompt', 'card', 'seed', 'watermark', 'choice', 'default-watermark')), 
	CONSTRAINT ck_drafts_kind CHECK (kind IN ('generate', 'extend', '1080p', '4k')), 
	CONSTRAINT fk_drafts_parent_id FOREIGN KEY(parent_id) REFERENCES jobs (id), 
	CONSTRAINT uq_drafts_update_id UNIQUE (update_id)
);
INSERT INTO "drafts" VALUES(5,2002,2002,NULL,29,'card',1,'generate',NULL,'A card that is open','{"model": "veo3_fast", "mode": "text", "ratio": "16:9", "seconds": 8, "resolution": "720p", "seed": null, "translate": true, "watermark": null}','[]',30,0,700000018,1.80010081694531583786e+09);
CREATE TABLE durations (
	id INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	seconds DOUBLE NOT NULL, 
	CONSTRAINT pk_durations PRIMARY KEY (id)
);
INSERT INTO "durations" VALUES(1,'veo3_fast','4k',1.06666636466979980468e+00);
INSERT INTO "durations" VALUES(2,'veo3_fast','1080p',1.26666617393493652343e+00);
CREATE TABLE entries (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	user_id BIGINT NOT NULL, 
	job_id INTEGER, 
	update_id BIGINT, 
	day TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pk_entries PRIMARY KEY (id), 
	CONSTRAINT ck_entries_kind CHECK (kind IN ('hold', 'capture', 'release', 'refund', 'grant')), 
	CONSTRAINT ck_entries_job CHECK ((kind = 'grant') = (job_id IS NULL)), 
	CONSTRAINT uq_entries_job_id_kind UNIQUE (job_id, kind), 
	CONSTRAINT fk_entries_job_id FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT uq_entries_update_id UNIQUE (update_id)
);
INSERT INTO "entries" VALUES(1,'grant',2002,NULL,700000004,'2027-01-15',1800014400.0);
INSERT INTO "entries" VALUES(2,'hold',2002,1,NULL,'2027-01-15',1800014410.0);
INSERT INTO "entries" VALUES(3,'capture',2002,1,NULL,'2027-01-15',1.80001441410398840903e+09);
INSERT INTO "entries" VALUES(4,'hold',2002,2,NULL,'2027-01-15',1.80001441420398831366e+09);
INSERT INTO "entries" VALUES(5,'hold',2002,3,NULL,'2027-01-15',1.80001441420398831366e+09);
INSERT INTO "entries" VALUES(6,'capture',2002,3,NULL,'2027-01-15',1.80001441527065467835e+09);
INSERT INTO "entries" VALUES(7,'capture',2002,2,NULL,'2027-01-15',1.8000144154706544876e+09);
INSERT INTO "entries" VALUES(8,'hold',2002,4,NULL,'2027-01-15',1.80001441557065439223e+09);
INSERT INTO "entries" VALUES(9,'release',2002,4,NULL,'2027-01-15',1.80001441557065439223e+09);
INSERT INTO "entries" VALUES(10,'hold',1001,5,NULL,'2027-01-15',1.80001441567065429685e+09);
INSERT INTO "entries" VALUES(11,'hold',2002,6,NULL,'2027-01-15',1.80001441567065429685e+09);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	at DOUBLE NOT NULL, 
	from_state TEXT, 
	to_state TEXT NOT NULL, 
	note TEXT, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT fk_events_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
);
INSERT INTO "events" VALUES(1,1,1800014410.0,NULL,'queued',NULL);
INSERT INTO "events" VALUES(2,1,1800014410.0,'queued','submitting',NULL);
INSERT INTO "events" VALUES(3,1,1800014410.0,'submitting','generating',NULL);
INSERT INTO "events" VALUES(4,1,1.80001441410398840903e+09,'generating','ready',NULL);
INSERT INTO "events" VALUES(5,1,1.80001441420398831366e+09,'ready','delivering',NULL);
INSERT INTO "events" VALUES(6,1,1.80001441420398831366e+09,'delivering','done',NULL);
INSERT INTO "events" VALUES(7,2,1.80001441420398831366e+09,NULL,'queued',NULL);
INSERT INTO "events" VALUES(8,3,1.80001441420398831366e+09,NULL,'queued',NULL);
INSERT INTO "events" VALUES(9,2,1.80001441420398831366e+09,'queued','submitting',NULL);
INSERT INTO "events" VALUES(10,3,1.80001441420398831366e+09,'queued','submitting',NULL);
INSERT INTO "events" VALUES(11,2,1.80001441420398831366e+09,'submitting','generating',NULL);
INSERT INTO "events" VALUES(12,3,1.80001441420398831366e+09,'submitting','generating',NULL);
INSERT INTO "events" VALUES(13,3,1.80001441527065467835e+09,'generating','ready',NULL);
INSERT INTO "events" VALUES(14,3,1.80001441537065458298e+09,'ready','delivering',NULL);
INSERT INTO "events" VALUES(15,3,1.80001441537065458298e+09,'delivering','done',NULL);
INSERT INTO "events" VALUES(16,2,1.8000144154706544876e+09,'generating','ready',NULL);
INSERT INTO "events" VALUES(17,2,1.80001441557065439223e+09,'ready','delivering',NULL);
INSERT INTO "events" VALUES(18,2,1.80001441557065439223e+09,'delivering','done',NULL);
INSERT INTO "events" VALUES(19,4,1.80001441557065439223e+09,NULL,'queued',NULL);
INSERT INTO "events" VALUES(20,4,1.80001441557065439223e+09,'queued','submitting',NULL);
INSERT INTO "events" VALUES(21,4,1.80001441557065439223e+09,'submitting','failed','refused: code 422: Ratio error');
INSERT INTO "events" VALUES(22,5,1.80001441567065429685e+09,NULL,'queued',NULL);
INSERT INTO "events" VALUES(23,6,1.80001441567065429685e+09,NULL,'queued',NULL);
INSERT INTO "events" VALUES(24,5,1.80001441567065429685e+09,'queued','submitting',NULL);
INSERT INTO "events" VALUES(25,6,1.80001441567065429685e+09,'queued','submitting',NULL);
INSERT INTO "events" VALUES(26,5,1.80001441567065429685e+09,'submitting','generating',NULL);
INSERT INTO "events" VALUES(27,6,1.80001441567065429685e+09,'submitting','generating',NULL);
CREATE TABLE facts (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_facts PRIMARY KEY (name)
);
INSERT INTO "facts" VALUES('started_at','1800014400.0');
INSERT INTO "facts" VALUES('callbacks_missed','2');
INSERT INTO "facts" VALUES('uncompacted','');
CREATE TABLE inbox (
	update_id BIGINT NOT NULL, 
	lane BIGINT NOT NULL, 
	body TEXT NOT NULL, 
	received_at DOUBLE NOT NULL, 
	handled_at DOUBLE, 
	error TEXT, 
	CONSTRAINT pk_inbox PRIMARY KEY (update_id)
);
INSERT INTO "inbox" VALUES(700000001,2002,'{"update_id": 700000001, "message": {"message_id": 1, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014400, "text": "/start", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}}',1800014400.0,1800014400.0,NULL);
INSERT INTO "inbox" VALUES(700000002,2002,'{"update_id": 700000002, "callback_query": {"id": "4000000000000000000", "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "message": {"message_id": 2, "from": {"id": 7000000001, "is_bot": true, "first_name": "Veogram", "username": "veogram_demo_bot"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014400, "reply_to_message": {"message_id": 1, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014400, "text": "/start", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}, "reply_markup": {"inline_keyboard": [[{"callback_data": "v1:u:ask", "text": "Ask for access"}]]}, "text": "This bot is private. You can ask to be let in.", "link_preview_options": {"is_disabled": true}}, "chat_instance": "15853838", "data": "v1:u:ask"}}',1800014400.0,1800014400.0,NULL);
INSERT INTO "inbox" VALUES(700000003,1001,'{"update_id": 700000003, "callback_query": {"id": "4000000000000000001", "from": {"id": 1001, "is_bot": false, "first_name": "Ada", "language_code": "en"}, "message": {"message_id": 3, "from": {"id": 7000000001, "is_bot": true, "first_name": "Veogram", "username": "veogram_demo_bot"}, "chat": {"id": 1001, "first_name": "Ada", "type": "private"}, "date": 1800014400, "reply_markup": {"inline_keyboard": [[{"callback_data": "v1:u:approve:2002", "style": "success", "text": "Approve"}, {"callback_data": "v1:u:deny:2002", "style": "danger", "text": "Deny"}]]}, "text": "Bo (2002) asks for access.", "entities": [{"type": "bold", "offset": 0, "length": 2}, {"type": "code", "offset": 4, "length": 4}], "link_preview_options": {"is_disabled": true}}, "chat_instance": "7926919", "data": "v1:u:approve:2002"}}',1800014400.0,1800014400.0,NULL);
INSERT INTO "inbox" VALUES(700000004,1001,'{"update_id": 700000004, "message": {"message_id": 5, "from": {"id": 1001, "is_bot": false, "first_name": "Ada", "language_code": "en"}, "chat": {"id": 1001, "first_name": "Ada", "type": "private"}, "date": 1800014400, "text": "/grant 2002 500", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}}',1800014400.0,1800014400.0,NULL);
INSERT INTO "inbox" VALUES(700000005,2002,'{"update_id": 700000005, "message": {"message_id": 7, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014400, "photo": [{"file_id": "AgACAgIAAxTalPerE4QtkvNd64mD0u3-AmMf9GDECA9HM94VW1f9Q", "file_unique_id": "AgADTalPerE4Qtkv", "file_size": 677, "width": 64, "height": 40}], "caption": "A film --seed 12345", "media_group_id": "13900000000000001"}}',1800014400.0,1800014400.0,NULL);
INSERT INTO "inbox" VALUES(700000006,2002,'{"update_id": 700000006, "message": {"message_id": 8, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014400, "photo": [{"file_id": "AgACAgIAAxg79_zZE-gdNfDQ6U7R7AYR6OO0kJwjsA758HbyBeZ8Y", "file_unique_id": "AgADg79_zZE-gdNf", "file_size": 677, "width": 64, "height": 40}], "media_group_id": "13900000000000001"}}',1800014400.0,1800014400.0,NULL);
INSERT INTO "inbox" VALUES(700000007,2002,'{"update_id": 700000007, "callback_query": {"id": "4000000000000000002", "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "message": {"message_id": 9, "from": {"id": 7000000001, "is_bot": true, "first_name": "Veogram", "username": "veogram_demo_bot"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014410, "reply_to_message": {"message_id": 7, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014400, "photo": [{"file_id": "AgACAgIAAxTalPerE4QtkvNd64mD0u3-AmMf9GDECA9HM94VW1f9Q", "file_unique_id": "AgADTalPerE4Qtkv", "file_size": 677, "width": 64, "height": 40}], "caption": "A film --seed 12345", "media_group_id": "13900000000000001"}, "reply_markup": {"inline_keyboard": [[{"callback_data": "v1:d:1:mode:frames", "text": "\u2713 Frames"}, {"callback_data": "v1:d:1:mode:reference", "text": "Reference"}], [{"callback_data": "v1:d:1:ratio:16:9", "text": "16:9"}, {"callback_data": "v1:d:1:ratio:9:16", "text": "9:16"}, {"callback_data": "v1:d:1:ratio:Auto", "text": "\u2713 Auto"}], [{"callback_data": "v1:d:1:model:veo3_fast", "text": "\u2713 Fast \u00b7 60"}, {"callback_data": "v1:d:1:model:veo3", "text": "Quality \u00b7 250"}, {"callback_data": "v1:d:1:model:veo3_lite", "text": "Lite \u00b7 30"}], [{"callback_data": "v1:d:1:nopics", "text": "Remove photos"}, {"callback_data": "v1:d:1:more", "text": "More"}], [{"callback_data": "v1:d:1:go", "style": "success", "text": "Generate \u00b7 60"}, {"callback_data": "v1:d:1:cancel", "text": "Cancel"}]]}, "text": "A film --seed 12345\nPhotos: 2\nFrames \u00b7 Fast \u00b7 Auto \u00b7 8 s \u00b7 720p\nPrice: 60 credits of the 800 you have left", "entities": [{"type": "blockquote", "offset": 0, "length": 19}, {"type": "bold", "offset": 71, "length": 10}], "link_preview_options": {"is_disabled": true}}, "chat_instance": "15853838", "data": "v1:d:1:go"}}',1800014410.0,1800014410.0,NULL);
INSERT INTO "inbox" VALUES(700000008,2002,'{"update_id": 700000008, "callback_query": {"id": "4000000000000000003", "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "message": {"message_id": 10, "from": {"id": 7000000001, "is_bot": true, "first_name": "Veogram", "username": "veogram_demo_bot"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014414, "reply_to_message": {"message_id": 7, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014400, "photo": [{"file_id": "AgACAgIAAxTalPerE4QtkvNd64mD0u3-AmMf9GDECA9HM94VW1f9Q", "file_unique_id": "AgADTalPerE4Qtkv", "file_size": 677, "width": 64, "height": 40}], "caption": "A film --seed 12345", "media_group_id": "13900000000000001"}, "reply_markup": {"inline_keyboard": [[{"callback_data": "v1:j:1:extend", "text": "Extend \u00b7 60"}, {"callback_data": "v1:j:1:1080p", "text": "1080p \u00b7 5"}, {"callback_data": "v1:j:1:4k", "text": "4K \u00b7 120"}], [{"callback_data": "v1:j:1:again", "text": "Again"}, {"callback_data": "v1:j:1:edit", "text": "Edit"}]]}, "video": {"file_id": "BAACAgIAAx_n8QNNSmPd6RknOXMvtVOnIHiPQixXI-x8ocaDKAg34", "file_unique_id": "AgAD_n8QNNSmPd6R", "file_size": 137788, "file_name": "veo-pxr5fxrd.mp4", "mime_type": "video/mp4", "width": 1280, "height": 720, "duration": 8, "thumbnail": {"file_id": "AAMCAgAD-0IQLgqsUobJ8LoMWctbKZfUWGfudMBOxJmy8MYy2KU", "file_unique_id": "AgAD-0IQLgqsUobJ", "file_size": 5582, "width": 320, "height": 180}}, "caption": "A film --seed 12345\nFast \u00b7 Auto \u00b7 8 s \u00b7 720p"}, "chat_instance": "15853838", "data": "v1:j:1:1080p"}}',1.80001441420398831366e+09,1.80001441420398831366e+09,NULL);
INSERT INTO "inbox" VALUES(700000009,2002,'{"update_id": 700000009, "callback_query": {"id": "4000000000000000004", "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "message": {"message_id": 10, "from": {"id": 7000000001, "is_bot": true, "first_name": "Veogram", "username": "veogram_demo_bot"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014414, "reply_to_message": {"message_id": 7, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014400, "photo": [{"file_id": "AgACAgIAAxTalPerE4QtkvNd64mD0u3-AmMf9GDECA9HM94VW1f9Q", "file_unique_id": "AgADTalPerE4Qtkv", "file_size": 677, "width": 64, "height": 40}], "caption": "A film --seed 12345", "media_group_id": "13900000000000001"}, "reply_markup": {"inline_keyboard": [[{"callback_data": "v1:j:1:extend", "text": "Extend \u00b7 60"}, {"callback_data": "v1:j:1:1080p", "text": "1080p \u00b7 5"}, {"callback_data": "v1:j:1:4k", "text": "4K \u00b7 120"}], [{"callback_data": "v1:j:1:again", "text": "Again"}, {"callback_data": "v1:j:1:edit", "text": "Edit"}]]}, "video": {"file_id": "BAACAgIAAx_n8QNNSmPd6RknOXMvtVOnIHiPQixXI-x8ocaDKAg34", "file_unique_id": "AgAD_n8QNNSmPd6R", "file_size": 137788, "file_name": "veo-pxr5fxrd.mp4", "mime_type": "video/mp4", "width": 1280, "height": 720, "duration": 8, "thumbnail": {"file_id": "AAMCAgAD-0IQLgqsUobJ8LoMWctbKZfUWGfudMBOxJmy8MYy2KU", "file_unique_id": "AgAD-0IQLgqsUobJ", "file_size": 5582, "width": 320, "height": 180}}, "caption": "A film --seed 12345\nFast \u00b7 Auto \u00b7 8 s \u00b7 720p"}, "chat_instance": "15853838", "data": "v1:j:1:4k"}}',1.80001441420398831366e+09,1.80001441420398831366e+09,NULL);
INSERT INTO "inbox" VALUES(700000010,2002,'{"update_id": 700000010, "message": {"message_id": 15, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014415, "text": "/generate Refused #422 --go", "entities": [{"type": "bot_command", "offset": 0, "length": 9}]}}',1.80001441557065439223e+09,1.80001441557065439223e+09,NULL);
INSERT INTO "inbox" VALUES(700000011,7007,'{"update_id": 700000011, "message": {"message_id": 18, "from": {"id": 7007, "is_bot": false, "first_name": "Cat", "language_code": "en"}, "chat": {"id": 7007, "first_name": "Cat", "type": "private"}, "date": 1800014415, "text": "/start", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}}',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL);
INSERT INTO "inbox" VALUES(700000012,7007,'{"update_id": 700000012, "callback_query": {"id": "4000000000000000005", "from": {"id": 7007, "is_bot": false, "first_name": "Cat", "language_code": "en"}, "message": {"message_id": 19, "from": {"id": 7000000001, "is_bot": true, "first_name": "Veogram", "username": "veogram_demo_bot"}, "chat": {"id": 7007, "first_name": "Cat", "type": "private"}, "date": 1800014415, "reply_to_message": {"message_id": 18, "from": {"id": 7007, "is_bot": false, "first_name": "Cat", "language_code": "en"}, "chat": {"id": 7007, "first_name": "Cat", "type": "private"}, "date": 1800014415, "text": "/start", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}, "reply_markup": {"inline_keyboard": [[{"callback_data": "v1:u:ask", "text": "Ask for access"}]]}, "text": "This bot is private. You can ask to be let in.", "link_preview_options": {"is_disabled": true}}, "chat_instance": "55488433", "data": "v1:u:ask"}}',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL);
INSERT INTO "inbox" VALUES(700000013,1001,'{"update_id": 700000013, "message": {"message_id": 21, "from": {"id": 1001, "is_bot": false, "first_name": "Ada", "language_code": "en"}, "chat": {"id": 1001, "first_name": "Ada", "type": "private"}, "date": 1800014415, "text": "/generate Eve will have been here --go", "entities": [{"type": "bot_command", "offset": 0, "length": 9}]}}',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL);
INSERT INTO "inbox" VALUES(700000014,0,'{"update_id": 700000014}',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL);
INSERT INTO "inbox" VALUES(700000015,0,'{"update_id": 700000015}',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL);
INSERT INTO "inbox" VALUES(700000016,0,'{"update_id": 700000016}',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL);
INSERT INTO "inbox" VALUES(700000017,2002,'{"update_id": 700000017, "message": {"message_id": 27, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014415, "text": "/generate Under way --go", "entities": [{"type": "bot_command", "offset": 0, "length": 9}]}}',1.80001441567065429685e+09,1.80001441567065429685e+09,NULL);
INSERT INTO "inbox" VALUES(700000018,2002,'{"update_id": 700000018, "message": {"message_id": 29, "from": {"id": 2002, "is_bot": false, "first_name": "Bo", "language_code": "en"}, "chat": {"id": 2002, "first_name": "Bo", "type": "private"}, "date": 1800014416, "text": "A card that is open"}}',1.80001441694531583784e+09,1.80001441694531583784e+09,NULL);
CREATE TABLE jobs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	ref TEXT NOT NULL, 
	user_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	thread_id BIGINT, 
	message_id BIGINT, 
	kind TEXT NOT NULL, 
	parent_id INTEGER, 
	model TEXT NOT NULL, 
	prompt TEXT NOT NULL, 
	options TEXT NOT NULL, 
	photos TEXT NOT NULL, 
	price INTEGER NOT NULL, 
	language TEXT NOT NULL, 
	state TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	due_at DOUBLE, 
	soft_deadline_at DOUBLE, 
	hard_deadline_at DOUBLE, 
	tries INTEGER DEFAULT '0' NOT NULL, 
	error TEXT, 
	muted BOOLEAN DEFAULT false NOT NULL, 
	untold BOOLEAN DEFAULT false NOT NULL, 
	lease_until DOUBLE, 
	status_message_id BIGINT, 
	status_due_at DOUBLE, 
	result_message_id BIGINT, 
	result_urls TEXT DEFAULT '[]' NOT NULL, 
	fallback BOOLEAN DEFAULT false NOT NULL, 
	media_id INTEGER, 
	attempt INTEGER DEFAULT '0' NOT NULL, 
	task_id TEXT, 
	dialect TEXT, 
	submitted_at DOUBLE, 
	ready_at DOUBLE, 
	part INTEGER DEFAULT '1' NOT NULL, 
	buttons_due_at DOUBLE, 
	update_id BIGINT, 
	CONSTRAINT ck_jobs_state CHECK (state IN ('queued', 'submitting', 'unknown', 'generating', 'ready', 'delivering', 'done', 'failed', 'expired', 'cancelled')), 
	CONSTRAINT ck_jobs_kind CHECK (kind IN ('generate', 'extend', '1080p', '4k')), 
	CONSTRAINT ck_jobs_price CHECK (price >= 0), 
	CONSTRAINT uq_jobs_ref UNIQUE (ref), 
	CONSTRAINT fk_jobs_parent_id FOREIGN KEY(parent_id) REFERENCES jobs (id), 
	CONSTRAINT fk_jobs_media_id FOREIGN KEY(media_id) REFERENCES media (id), 
	CONSTRAINT uq_jobs_update_id UNIQUE (update_id)
);
INSERT INTO "jobs" VALUES(1,'pxr5fxrd',2002,2002,NULL,7,'generate',NULL,'veo3_fast','A film --seed 12345','{"model": "veo3_fast", "mode": "frames", "ratio": "Auto", "seconds": 8, "resolution": "720p", "seed": null, "translate": true, "watermark": null}','[1, 2]',60,'en','done',1800014410.0,NULL,1800015310.0,1.80010081410398840905e+09,1,NULL,0,0,NULL,9,NULL,10,'["http://127.0.0.1:34749/files/b1970367b53b70b36477d8d56290eb00.mp4"]',0,3,1,'veo_task_2ba0784b80c4','veo',1800014410.0,1.80001441410398840903e+09,1,1.80001441557065439223e+09,700000005);
INSERT INTO "jobs" VALUES(2,'x6qsct66',2002,2002,NULL,10,'1080p',1,'veo3_fast','A film --seed 12345','{"model": "veo3_fast", "mode": "frames", "ratio": "Auto", "seconds": 8, "resolution": "720p", "seed": null, "translate": true, "watermark": null}','[]',5,'en','done',1.80001441420398831366e+09,NULL,1.80001501420398831365e+09,1.80010081547065448762e+09,1,NULL,0,0,NULL,11,NULL,14,'["http://127.0.0.1:34749/files/40d2cb2eb5d14548dfcd81126fab1776.mp4"]',0,5,1,'veo_task_2ba0784b80c4','veo',1.80001441420398831366e+09,1.8000144154706544876e+09,1,NULL,700000008);
INSERT INTO "jobs" VALUES(3,'dkwbzwxz',2002,2002,NULL,10,'4k',1,'veo3_fast','A film --seed 12345','{"model": "veo3_fast", "mode": "frames", "ratio": "Auto", "seconds": 8, "resolution": "720p", "seed": null, "translate": true, "watermark": null}','[]',120,'en','done',1.80001441420398831366e+09,NULL,1.80001561420398831364e+09,1.80010081527065467837e+09,1,NULL,0,0,NULL,12,NULL,13,'["http://127.0.0.1:34749/files/89dd2dd3f61a225d9d260530f21d29bf.mp4"]',0,4,1,'veo_task_2ba0784b80c4','veo',1.80001441420398831366e+09,1.80001441527065467835e+09,1,NULL,700000009);
INSERT INTO "jobs" VALUES(4,'588frn5m',2002,2002,NULL,15,'generate',NULL,'veo3_fast','Refused #422','{"model": "veo3_fast", "mode": "text", "ratio": "16:9", "seconds": 8, "resolution": "720p", "seed": null, "translate": true, "watermark": null}','[]',60,'en','failed',1.80001441557065439223e+09,NULL,1.80001531557065439217e+09,1.80010081557065439224e+09,0,'refused',0,0,NULL,16,NULL,NULL,'[]',0,NULL,1,NULL,'veo',NULL,NULL,1,NULL,700000010);
INSERT INTO "jobs" VALUES(5,'zn9dndzn',1001,1001,NULL,21,'generate',NULL,'veo3_fast','Eve will have been here','{"model": "veo3_fast", "mode": "text", "ratio": "16:9", "seconds": 8, "resolution": "720p", "seed": null, "translate": true, "watermark": null}','[]',60,'en','generating',1.80001441567065429685e+09,1.80001441694531583784e+09,1.8000153156706542968e+09,1.80010081567065429687e+09,0,NULL,0,0,NULL,22,1.80001442067065429682e+09,NULL,'[]',0,NULL,1,'veo_task_e3f0b9468983','veo',1.80001441567065429685e+09,NULL,1,NULL,700000013);
INSERT INTO "jobs" VALUES(6,'6r7x8fqb',2002,2002,NULL,27,'generate',NULL,'veo3_fast','Under way','{"model": "veo3_fast", "mode": "text", "ratio": "16:9", "seconds": 8, "resolution": "720p", "seed": null, "translate": true, "watermark": null}','[]',60,'en','generating',1.80001441567065429685e+09,1.80001441694531583784e+09,1.8000153156706542968e+09,1.80010081567065429687e+09,0,NULL,0,0,NULL,28,1.80001442067065429682e+09,NULL,'[]',0,NULL,1,'75c829abc0e59bbd630a782163ddfd83','veo',1.80001441567065429685e+09,NULL,1,NULL,700000017);
CREATE TABLE links (
	token_hash TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	job_ref TEXT NOT NULL, 
	path TEXT NOT NULL, 
	expires_at DOUBLE NOT NULL, 
	CONSTRAINT pk_links PRIMARY KEY (token_hash), 
	CONSTRAINT ck_links_kind CHECK (kind IN ('photo', 'result')), 
	CONSTRAINT fk_links_job_ref FOREIGN KEY(job_ref) REFERENCES jobs (ref) ON DELETE CASCADE
);
CREATE TABLE media (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	user_id BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	path TEXT, 
	file_id TEXT, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	seconds DOUBLE DEFAULT '0' NOT NULL, 
	bytes BIGINT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	update_id BIGINT, 
	CONSTRAINT ck_media_kind CHECK (kind IN ('photo', 'video')), 
	CONSTRAINT uq_media_update_id UNIQUE (update_id)
);
INSERT INTO "media" VALUES(1,2002,'photo','photos/a6527879d38cdc6692096dc014b44aac.jpg',NULL,64,40,0.0,678,1800014400.0,700000005);
INSERT INTO "media" VALUES(2,2002,'photo','photos/8653cd533289e807b36d8f02f9fbb893.jpg',NULL,64,40,0.0,678,1800014400.0,700000006);
INSERT INTO "media" VALUES(3,2002,'video',NULL,'BAACAgIAAx_n8QNNSmPd6RknOXMvtVOnIHiPQixXI-x8ocaDKAg34',1280,720,8.0,137788,1.80001441420398831366e+09,NULL);
INSERT INTO "media" VALUES(4,2002,'video',NULL,'BAACAgIAAxA9RvK2L0e3sDlxB55iP0-o4wywIF6WtjygNSLEinKMI',3840,2160,8.0,292723,1.80001441537065458298e+09,NULL);
INSERT INTO "media" VALUES(5,2002,'video',NULL,'BAACAgIAAxAi6AvTKMp6sw9LWzhH9eRtH0_e-acJ_V7osgUMfWzBU',1920,1080,8.0,204037,1.80001441557065439223e+09,NULL);
CREATE TABLE pauses (
	scope TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	since DOUBLE NOT NULL, 
	probe_at DOUBLE NOT NULL, 
	need INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_pauses PRIMARY KEY (scope)
);
CREATE TABLE postings (
	entry_id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	amount BIGINT NOT NULL, 
	CONSTRAINT pk_postings PRIMARY KEY (entry_id, account), 
	CONSTRAINT ck_postings_account CHECK (account IN ('free', 'granted', 'operator', 'held', 'spent', 'bank')), 
	CONSTRAINT ck_postings_amount CHECK (amount <> 0), 
	CONSTRAINT fk_postings_entry_id FOREIGN KEY(entry_id) REFERENCES entries (id)
);
INSERT INTO "postings" VALUES(1,'bank',-500);
INSERT INTO "postings" VALUES(1,'granted',500);
INSERT INTO "postings" VALUES(2,'held',60);
INSERT INTO "postings" VALUES(2,'free',-60);
INSERT INTO "postings" VALUES(3,'held',-60);
INSERT INTO "postings" VALUES(3,'spent',60);
INSERT INTO "postings" VALUES(4,'held',5);
INSERT INTO "postings" VALUES(4,'free',-5);
INSERT INTO "postings" VALUES(5,'held',120);
INSERT INTO "postings" VALUES(5,'free',-120);
INSERT INTO "postings" VALUES(6,'held',-120);
INSERT INTO "postings" VALUES(6,'spent',120);
INSERT INTO "postings" VALUES(7,'held',-5);
INSERT INTO "postings" VALUES(7,'spent',5);
INSERT INTO "postings" VALUES(8,'held',60);
INSERT INTO "postings" VALUES(8,'free',-60);
INSERT INTO "postings" VALUES(9,'held',-60);
INSERT INTO "postings" VALUES(9,'free',60);
INSERT INTO "postings" VALUES(10,'held',60);
INSERT INTO "postings" VALUES(10,'operator',-60);
INSERT INTO "postings" VALUES(11,'held',60);
INSERT INTO "postings" VALUES(11,'free',-60);
CREATE TABLE tombstones (
	user_hash TEXT NOT NULL, 
	day TEXT NOT NULL, 
	used BIGINT NOT NULL, 
	access TEXT, 
	CONSTRAINT pk_tombstones PRIMARY KEY (user_hash), 
	CONSTRAINT ck_tombstones_access CHECK (access IN ('asked', 'denied', 'banned'))
);
CREATE TABLE totals (
	day TEXT NOT NULL, 
	used BIGINT NOT NULL, 
	CONSTRAINT pk_totals PRIMARY KEY (day), 
	CONSTRAINT ck_totals_used CHECK (used >= 0)
);
INSERT INTO "totals" VALUES('2027-01-15',305);
CREATE TABLE users (
	id BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	language TEXT NOT NULL, 
	access TEXT NOT NULL, 
	model TEXT, 
	ratio TEXT, 
	seconds INTEGER, 
	resolution TEXT, 
	translate BOOLEAN, 
	watermark TEXT, 
	asked_at DOUBLE, 
	seen_at DOUBLE NOT NULL, 
	served_at DOUBLE, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT ck_users_access CHECK (access IN ('stranger', 'asked', 'allowed', 'denied', 'admin', 'banned'))
);
INSERT INTO "users" VALUES(2002,'Bo','en','allowed','veo3_fast','16:9',8,'720p',NULL,NULL,1800014400.0,1800014400.0,1.80001441567065429685e+09);
INSERT INTO "users" VALUES(1001,'Ada','en','stranger','veo3_fast','16:9',8,'720p',NULL,NULL,NULL,1800014400.0,1.80001441567065429685e+09);
INSERT INTO "users" VALUES(7007,'Cat','en','asked',NULL,NULL,NULL,NULL,NULL,NULL,1.80001441567065429685e+09,1.80001441567065429685e+09,NULL);
CREATE INDEX ix_media_user_id ON media (user_id);
CREATE INDEX ix_albums_user_id ON albums (user_id);
CREATE INDEX ix_albums_due ON albums (due_at) WHERE open;
CREATE INDEX ix_inbox_handled_at ON inbox (handled_at);
CREATE INDEX ix_inbox_open ON inbox (update_id) WHERE handled_at IS NULL;
CREATE INDEX ix_durations_model_kind_id ON durations (model, kind, id);
CREATE INDEX ix_jobs_parent_id_kind ON jobs (parent_id, kind);
CREATE INDEX ix_jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX ux_jobs_upgrade ON jobs (parent_id, kind) WHERE kind IN ('1080p', '4k') AND state NOT IN ('failed', 'expired', 'cancelled');
CREATE INDEX ix_jobs_state_user_id ON jobs (state, user_id);
CREATE INDEX ix_jobs_status_due ON jobs (status_due_at) WHERE status_due_at IS NOT NULL;
CREATE INDEX ix_jobs_buttons_due ON jobs (buttons_due_at) WHERE buttons_due_at IS NOT NULL;
CREATE INDEX ix_jobs_chat_id_status_message_id ON jobs (chat_id, status_message_id);
CREATE INDEX ix_jobs_user_id_id ON jobs (user_id, id);
CREATE INDEX ix_jobs_chat_id_result_message_id ON jobs (chat_id, result_message_id);
CREATE INDEX ix_album_parts_chat_id_group_id ON album_parts (chat_id, group_id);
CREATE INDEX ix_access_copies_user_id ON access_copies (user_id);
CREATE INDEX ix_drafts_user_id ON drafts (user_id);
CREATE INDEX ix_drafts_chat_id_card_message_id ON drafts (chat_id, card_message_id);
CREATE UNIQUE INDEX ux_drafts_active ON drafts (user_id, chat_id) WHERE active;
CREATE INDEX ix_drafts_expires_at ON drafts (expires_at);
CREATE INDEX ix_copies_job_id ON copies (job_id);
CREATE INDEX ix_attempts_sent_at ON attempts (sent_at);
CREATE INDEX ix_attempts_task_id ON attempts (task_id);
CREATE INDEX ix_links_job_ref ON links (job_ref);
CREATE INDEX ix_links_expires_at ON links (expires_at);
CREATE INDEX ix_events_job_id ON events (job_id);
CREATE INDEX ix_entries_user_id_day ON entries (user_id, day);
CREATE UNIQUE INDEX ux_entries_end ON entries (job_id) WHERE kind IN ('capture', 'release');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('media',5);
INSERT INTO "sqlite_sequence" VALUES('drafts',5);
INSERT INTO "sqlite_sequence" VALUES('jobs',6);
COMMIT;
