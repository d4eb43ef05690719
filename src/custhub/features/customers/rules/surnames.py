"""Chinese surnames: which there are, and how they are read where the reading differs from the everyday one."""

from __future__ import annotations

# The surnames of 百家姓 that are still borne, and frequent ones beyond it; simplified, then traditional.
SINGLE = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤"
    "花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄"
    "米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万"
    "支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松"
    "井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰"
    "从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍郤璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴"
    "瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛"
    "阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公仉督晋楚闫法汝鄢涂钦岳帅缑亢况有琴商牟佘佴伯赏墨哈"
    "谯笪年爱阳佟言福肖付代覃邸仝苟区朴玉粟战初信尧迟丛矫阿敬靖官但苑母占操冼卿展訚隋兰郇亓斯布冮迮蹇揭缐秘洛肇来"
    "么是芦撒种召承兀趙錢孫鄭馮陳衛蔣瀋韓楊許呂張嚴華謝鄒竇雲蘇範魯韋馬鳳鮑費賀湯羅畢鄔樂時齊顧黃蕭紀項閔賈婁顏鍾"
    "駱盧萬應單諸龔陸榮儲車寧厲劉葉龍賴藺喬陰蒼聞黨譚貢勞鄺雙溫莊閻連習魚廣闕東歐師鞏聶簡饒豐關蓋權區樸鄧陽塗嶽帥"
    "況賞蘭遲叢"
)

# Two-character surnames still borne, simplified and traditional.
_COMPOUND = (
    "欧阳 司马 上官 诸葛 司徒 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 鲜于 闾丘 司空 夏侯 东方 赫连 澹台 公冶 宗政 "
    "濮阳 淳于 单于 太叔 申屠 仲孙 轩辕 钟离 万俟 闻人 南宫 拓跋 独孤 端木 百里 东郭 南门 呼延 羊舌 微生 左丘 "
    "西门 第五 梁丘 公羊 公西 漆雕 乐正 壤驷 巫马 谷梁 子车 颛孙 亓官 司寇 贺兰 完颜 耶律 达奚 纳兰 即墨 段干 "
    "东门 相里 歐陽 司馬 諸葛 尉遲 公孫 長孫 鮮于 閭丘 東方 赫連 單于 軒轅 鍾離 聞人 南宮 獨孤 東郭 南門 樂正 "
    "西門 賀蘭 納蘭"
)
COMPOUND = frozenset(_COMPOUND.split())

_READINGS = (
    "仇 qiu|单 shan|單 shan|曾 zeng|解 xie|查 zha|盖 ge|蓋 ge|区 ou|區 ou|朴 piao|乐 yue|樂 yue|缪 miao|繆 miao|"
    "翟 zhai|覃 qin|秘 bi|祭 zhai|郇 xun|员 yun|員 yun|隗 wei|洗 xian|黑 he|折 she|能 nai|繁 po|种 chong|召 shao|"
    "佴 nai|乜 nie|薄 bo|都 du|句 gou|重 chong|么 yao|六 lu|阚 kan|卜 bu|蔚 yu|长 zhang|長 zhang|尉迟 yu chi|"
    "尉遲 yu chi|万俟 mo qi|单于 chan yu|單于 chan yu|澹台 tan tai|乐正 yue zheng|樂正 yue zheng|子车 zi ju|"
    "长孙 zhang sun|長孫 zhang sun"
)

#: The reading of a surname where it is not the everyday one of its characters.
READINGS = dict(entry.split(" ", 1) for entry in _READINGS.split("|"))
