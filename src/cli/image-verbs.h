/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The verbs of berth-image, in the order of the table in image-main.c. */
int verb_pull(int argc, char **argv);
int verb_load(int argc, char **argv);
int verb_save(int argc, char **argv);
int verb_trust(int argc, char **argv);
int verb_fsck(int argc, char **argv);
int verb_login(int argc, char **argv);
int verb_logout(int argc, char **argv);
int verb_artifact(int argc, char **argv);
int verb_commit_read(int argc, char **argv);
int verb_search(int argc, char **argv);
int verb_tree_unpack(int argc, char **argv);
int verb_import(int argc, char **argv);
