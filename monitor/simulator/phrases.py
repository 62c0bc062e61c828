"""All that is said, by language, and the names of people, shops and things."""

from monitor.simulator.phrases_en import EN
from monitor.simulator.phrases_zh import ZH

LANGUAGES = {"zh": ZH, "en": EN}

COLORS = {"zh": ("白色", "米色", "灰色", "藏青", "焦糖", "粉色"), "en": ("white", "sand", "grey", "navy", "green")}
CITIES = {
    "zh": ("成都", "哈尔滨", "广州", "西安", "乌鲁木齐", "杭州", "长沙", "昆明"),
    "en": ("Berlin", "Leeds", "Madrid", "Oslo", "Toronto", "Lyon"),
}
SIZES = ("S", "M", "L", "XL", "2XL")

# Brands that do not exist.
BRANDS = (
    "森野", "绿芽", "南风", "北岸", "禾木", "拾光", "青柚", "云栖", "小满", "知白", "野渡", "棠梨", "橙湾", "牧谷",
    "听松", "半夏", "初屿", "麦浪", "竹里", "银杏里", "山雀", "暖橘", "木铎", "溪客", "桃叶", "星垂", "鹿鸣", "素问",
    "汀兰", "归燕",
)  # fmt: skip
BRANDS_EN = ("Northpine", "Harbour & Hem", "Larkfield", "Mossway", "Tidebell", "Oakrow", "Fernhill", "Driftline")
CATEGORIES = ("fashion", "kids", "home", "appliance", "beauty", "snack", "sport", "digital")

# 花名 of agents; the seat number (工号) goes before it.
AGENTS = (
    "小林", "小周", "阿杰", "小陈", "阿木", "半夏", "可乐", "青禾", "小鱼", "木子", "糖糖", "阿宁", "言叶", "小满",
    "南星", "知秋", "橘子", "阿昭", "云朵", "小夏", "安然", "十七", "慕言", "麦子", "小北", "佳佳", "浅浅", "阿树",
    "朝颜", "豆包儿", "西西", "阿远",
)  # fmt: skip

SURNAMES = (
    "张",
    "王",
    "李",
    "赵",
    "陈",
    "刘",
    "杨",
    "黄",
    "周",
    "吴",
    "徐",
    "孙",
    "胡",
    "朱",
    "高",
    "林",
    "何",
    "郭",
    "马",
    "罗",
)
GIVEN = (
    "小雨",
    "静",
    "伟",
    "晓",
    "建国",
    "婷",
    "浩然",
    "子涵",
    "丽",
    "思远",
    "敏",
    "欣怡",
    "磊",
    "可可",
    "萌萌",
    "阿福",
)
NICKS_EN = ("anna", "mark_b", "j.lopez", "sunny", "kate", "oli", "tomas", "maria", "wren", "peter_k", "lena", "hugo")
