"""The backend gets the settings that the options page has saved, and only the authentication manager has the server's key."""

from dataclasses import fields

import pytest
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

from zoomearth.core.requests import Load
from zoomearth.core.settings import Settings
from zoomearth.plugin.settings import choose_auth_config, load_message, load_settings, save_settings, server_key

KEY = "sk-0123456789abcdef"


@pytest.fixture(scope="module")
def keys(qgis_app):
    """Ids of entries that hold KEY, by kind."""
    manager = QgsApplication.authManager()
    if manager.isDisabled() or not manager.setMasterPassword("for these tests", True):
        pytest.skip("this QGIS has no authentication manager")
    held = {
        "Basic": {"username": "me", "password": KEY},
        "APIHeader": {"Authorization": f"Bearer {KEY}"},
        "EsriToken": {"token": KEY},
    }
    made = {}
    for method, config in held.items():
        entry = QgsAuthMethodConfig()
        entry.setName(method)
        entry.setMethod(method)
        entry.setConfigMap(config)
        assert manager.storeAuthenticationConfig(entry)
        made[method] = entry.id()
    yield made
    for entry in made.values():
        manager.removeAuthenticationConfig(entry)


def test_every_setting_is_kept():
    other = {field.name: field.metadata["choices"][-1] if field.metadata["choices"] else f"some {field.name}" for field in fields(Settings)}
    assert load_settings() == Settings()
    save_settings(Settings(**other))
    assert load_settings() == Settings(**other)
    assert load_settings() != Settings()


def test_a_value_of_another_version_is_no_crash():
    QgsSettings().setValue("zoomearth/device", "tpu")
    QgsSettings().setValue("zoomearth/model", "zoomearth-3b")
    assert load_settings() == Settings(model="zoomearth-3b")


@pytest.mark.parametrize("settings", [Settings(), Settings(model="qwen2.5-vl-7b", remote="http://localhost:8000/v1", remote_model="m")])
def test_a_load_has_every_setting(settings):
    save_settings(settings)
    assert load_message() == Load(settings)


@pytest.mark.parametrize("method", ["Basic", "APIHeader", "EsriToken"])
def test_the_key_goes_to_the_server_and_into_no_settings_file(keys, method):
    save_settings(Settings(remote="http://localhost:8000/v1"))
    choose_auth_config(keys[method])
    assert load_message().key == KEY
    QgsSettings().sync()
    with open(QgsSettings().fileName(), encoding="utf-8") as file:
        text = file.read()
    assert keys[method] in text
    assert KEY not in text


def test_a_model_on_this_machine_is_not_told_the_key(keys):
    choose_auth_config(keys["Basic"])
    assert load_message().key is None


def test_an_entry_that_has_gone_is_no_key(qgis_app):
    assert server_key("gone123") is None
    assert server_key("") is None
